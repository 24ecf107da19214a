#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgefuse::llm {

/// The seven linear projections of a block, in the order a forward pass meets them.
enum class Projection : std::uint8_t { q, k, v, o, gate, up, down };

inline constexpr std::array<Projection, 7> all_projections = {
    Projection::q, Projection::k, Projection::v, Projection::o, Projection::gate, Projection::up, Projection::down};

/// "q_proj" and so on, as transformers and PEFT name them.
[[nodiscard]] std::string_view projection_name(Projection p);
/// Accepts "q" and "q_proj".
[[nodiscard]] std::optional<Projection> parse_projection(std::string_view name);

/// One adapted matrix of the model. The order (layer, projection) is the order of every loop over modules.
struct ModuleId {
  std::int32_t layer = 0;
  Projection projection = Projection::q;

  friend constexpr auto operator<=>(const ModuleId&, const ModuleId&) = default;

  /// "model.layers.3.self_attn.q_proj"
  [[nodiscard]] std::string name() const;
  /// The inverse of `name()`; empty when `name` is not one of the seven projections.
  [[nodiscard]] static std::optional<ModuleId> parse(std::string_view name);
};

}  // namespace edgefuse::llm
