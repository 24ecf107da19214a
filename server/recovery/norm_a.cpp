#include "server/recovery/norm_a.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "llm/delta.hpp"
#include "server/recovery/placement.hpp"
#include "server/recovery/zero_fill.hpp"
#include "sim/random.hpp"

namespace edgefuse::server {
namespace {

/// Every module of every round has a stream of its own, as in llm::make_adapter.
sim::Stream stream_of(llm::ModuleId id, const llm::Update& update, const RecoveryContext& context) {
  const auto modules = context.base.layers.size() * llm::all_projections.size();
  const auto module =
      static_cast<std::size_t>(id.layer) * llm::all_projections.size() + static_cast<std::size_t>(id.projection);
  return {.seed = context.seed,
          .domain = sim::Domain::recovery_noise,
          .round = static_cast<std::uint32_t>(context.round * modules + module),
          .client = update.client};
}

/// Overwrites the columns of `a` [rank, in] from `first` on. Drawn row by row in the width of the base.
void add_noise(at::Tensor& a, std::int64_t first, sim::Draws draws) {
  const auto rank = a.size(0);
  const double deviation = 1 / static_cast<double>(rank);
  for (std::int64_t row = 0; row < rank; ++row) {
    auto* values = a.data_ptr<float>() + row * a.size(1);
    for (std::int64_t column = 0; column < a.size(1); ++column) {
      const double drawn = deviation * draws.normal();
      if (column >= first) values[column] = static_cast<float>(drawn);
    }
  }
}

class NormA final : public Recovery {
 public:
  [[nodiscard]] Recovered recover(const llm::Update& update, const RecoveryContext& context) const override {
    if (const auto refused = refusal(update)) return *refused;
    auto recovered = recover_adapter(update.adapter, update.variant, context.base.config);
    for (auto& [id, factors] : recovered.modules) {
      const auto place = placement(context.base.config, update.variant, id);
      if (place.variant.in < place.base.in)  // then padding made a new A, which nobody shares
        add_noise(factors.a, place.variant.in, sim::Draws{stream_of(id, update, context)});
    }
    return unless_refused(llm::to_delta(recovered));
  }
};

}  // namespace

Method<Recovery> norm_a_recovery() {
  return {.name = "norm-a",
          .summary = "zero-fill with noise where A had no columns (LoRAM's normA): it adds noise to ΔW",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Recovery> { return std::make_unique<NormA>(); }};
}

}  // namespace edgefuse::server
