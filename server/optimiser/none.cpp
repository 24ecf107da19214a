#include <memory>

#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {
namespace {

class NoOptimiser final : public ServerOptimiser {
 public:
  [[nodiscard]] ServerStep step(const OptimiserState& /*state*/, const llm::ModelDelta& change) const override {
    return {.change = change, .state = {}};
  }
};

}  // namespace

Method<ServerOptimiser> no_optimiser() {
  return {
      .name = "none",
      .summary = "the change as it was fused",
      .parameters = {},
      .make = [](const Parameters&) -> std::unique_ptr<ServerOptimiser> { return std::make_unique<NoOptimiser>(); }};
}

}  // namespace edgefuse::server
