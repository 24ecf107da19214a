#include "llm/adapter.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "llm/checks.hpp"
#include "llm/tensor_names.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm {
namespace {

/// Uniform in ±1/sqrt(width): `kaiming_uniform_` with a = sqrt(5), as PEFT starts A. Row-major from one stream, so a
/// smaller rank or a narrower variant starts from a corner of what a larger one starts from.
at::Tensor draw_a(std::int64_t rank, std::int64_t width, std::int64_t in, sim::Draws draws) {
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  at::Tensor a = at::empty({rank, in}, at::kFloat);
  float* value = a.data_ptr<float>();
  for (std::int64_t row = 0; row < rank; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const double drawn = bound * (2 * draws.uniform() - 1);
      if (column < in) *value++ = static_cast<float>(drawn);
    }
  }
  return a;
}

}  // namespace

double LoraSpec::scale() const {
  const auto r = static_cast<double>(rank);
  return alpha / (rslora ? std::sqrt(r) : r);
}

Adapter make_adapter(const Model& model, const LoraSpec& spec, std::uint64_t seed, std::uint32_t client,
                     std::uint32_t round) {
  EDGEFUSE_EXPECTS(spec.rank > 0 && !spec.targets.empty(), "a rank above 0 and at least one target");
  Adapter adapter{spec, {}};
  const auto first = static_cast<std::uint32_t>(round * model.layers.size() * all_projections.size());
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
    if (model.layers[layer].dropped()) continue;
    for (const Projection target : spec.targets) {
      const Linear& linear = model.layers[layer].projection(target);
      const ModuleId id{static_cast<std::int32_t>(layer), target};
      const auto module =
          first + static_cast<std::uint32_t>(layer * all_projections.size() + static_cast<std::size_t>(target));
      const auto width = base_shape(model.config, target).in;  // a variant's config keeps the base's sizes
      EDGEFUSE_EXPECTS(linear.in() <= width, "a variant is never wider than its base");
      adapter.modules[id] = {
          draw_a(spec.rank, width, linear.in(), sim::Draws{{seed, sim::Domain::adapter_init, module, client}}),
          at::zeros({linear.out(), spec.rank}, at::kFloat)};
    }
  }
  return adapter;
}

void check_adapter_fits(const Adapter& adapter, const Model& model, const std::filesystem::path& origin) {
  std::vector<Mistake> mistakes;
  const auto note = [&](const ModuleId& id, std::string problem) {
    mistakes.push_back({origin.string(), 0, id.name(), std::move(problem), "use the model that it was trained on"});
  };
  for (const auto& [id, factors] : adapter.modules) {
    if (static_cast<std::size_t>(id.layer) >= model.layers.size()) {
      note(id, fmt::format("adapts layer {} of a model that has {}", id.layer, model.layers.size()));
      continue;
    }
    const Linear& linear = model.layers[static_cast<std::size_t>(id.layer)].projection(id.projection);
    if (factors.a.size(1) != linear.in() || factors.b.size(0) != linear.out()) {
      note(id, fmt::format("has factors A {} and B {} for a weight of shape {}", shape_text(factors.a.sizes()),
                           shape_text(factors.b.sizes()), shape_text(linear.weight.sizes())));
    }
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

}  // namespace edgefuse::llm
