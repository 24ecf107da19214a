#include "llm/module_id.hpp"

#include <charconv>
#include <cstddef>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

struct ProjectionNames {
  std::string_view full;
  std::string_view block;
};

constexpr std::array<ProjectionNames, 7> names = {{{"q_proj", "self_attn"},
                                                   {"k_proj", "self_attn"},
                                                   {"v_proj", "self_attn"},
                                                   {"o_proj", "self_attn"},
                                                   {"gate_proj", "mlp"},
                                                   {"up_proj", "mlp"},
                                                   {"down_proj", "mlp"}}};
constexpr std::string_view suffix = "_proj";
constexpr std::string_view layers_prefix = "model.layers.";

const ProjectionNames& names_of(Projection p) {
  const auto index = static_cast<std::size_t>(p);
  EDGEFUSE_EXPECTS(index < names.size(), "not one of the seven projections");
  return names[index];
}

}  // namespace

std::string_view projection_name(Projection p) {
  return names_of(p).full;
}

std::optional<Projection> parse_projection(std::string_view name) {
  for (const Projection p : all_projections) {
    const std::string_view full = projection_name(p);
    if (name == full || name == full.substr(0, full.size() - suffix.size())) return p;
  }
  return std::nullopt;
}

std::string ModuleId::name() const {
  const ProjectionNames& parts = names_of(projection);
  std::string text{layers_prefix};
  text += std::to_string(layer);
  text += '.';
  text += parts.block;
  text += '.';
  text += parts.full;
  return text;
}

std::optional<ModuleId> ModuleId::parse(std::string_view name) {
  if (!name.starts_with(layers_prefix)) return std::nullopt;
  const std::string_view rest = name.substr(layers_prefix.size());
  ModuleId id;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id.layer);
  if (error != std::errc{} || id.layer < 0) return std::nullopt;
  const auto dot = name.rfind('.');
  const auto projection = parse_projection(name.substr(dot + 1));
  if (!projection) return std::nullopt;
  id.projection = *projection;
  // One spelling only: "layers.03", "mlp.q_proj" and "self_attn.q" are not names of modules.
  if (id.name() != name) return std::nullopt;
  return id;
}

}  // namespace edgefuse::llm
