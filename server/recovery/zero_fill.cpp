#include "server/recovery/zero_fill.hpp"

#include <memory>

#include "llm/delta.hpp"
#include "server/recovery/placement.hpp"

namespace edgefuse::server {
namespace {

class ZeroFill final : public Recovery {
 public:
  [[nodiscard]] Recovered recover(const llm::Update& update, const RecoveryContext& context) const override {
    return server::recover(update, context.base.config);
  }
};

}  // namespace

Recovered recover(const llm::Update& update, const llm::ModelConfig& config) {
  if (const auto refused = refusal(update)) return *refused;
  return llm::to_delta(recover_adapter(update.adapter, update.variant, config));
}

llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::VariantShape& shape,
                             const llm::ModelConfig& config) {
  llm::Adapter result = adapter;
  for (auto& [id, factors] : result.modules) {
    const auto place = placement(config, shape, id);
    expect_shape(factors, place.variant);
    factors.a = padded(factors.a, 1, place.base.in);
    factors.b = padded(factors.b, 0, place.base.out);
  }
  return result;
}

Method<Recovery> zero_fill_recovery() {
  return {.name = "zero-fill",
          .summary = "zero where the variant had nothing (LoRAM, 2502.13533)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Recovery> { return std::make_unique<ZeroFill>(); }};
}

}  // namespace edgefuse::server
