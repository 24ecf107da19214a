#include <memory>

#include <ATen/ATen.h>

#include "server/optimiser/every_module.hpp"
#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {
namespace {

/// v ← β·v + Δ; the base moves by η·v (FedAvgM, 1909.06335).
class FedAvgM final : public ServerOptimiser {
 public:
  FedAvgM(double rate, double momentum) : rate_{rate}, momentum_{momentum} {}

  [[nodiscard]] ServerStep step(const OptimiserState& state, const llm::ModelDelta& change) const override {
    return every_module(state, change, /*moments=*/1,
                        [this](const at::Tensor& delta, const std::vector<at::Tensor>& before) {
                          const auto velocity = momentum_ * before[0] + delta;
                          return ModuleStep{.change = rate_ * velocity, .moments = {velocity}};
                        });
  }

 private:
  double rate_;
  double momentum_;
};

}  // namespace

Method<ServerOptimiser> fedavgm() {
  return {.name = "fedavgm",
          .summary = "momentum over the rounds' changes (1909.06335)",
          .parameters = {{.name = "rate", .standard = 1.0, .meaning = "step size", .least = 0},
                         {.name = "momentum", .standard = 0.9, .meaning = "share of it kept", .least = 0, .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<ServerOptimiser> {
            return std::make_unique<FedAvgM>(number(p, "rate"), number(p, "momentum"));
          }};
}

}  // namespace edgefuse::server
