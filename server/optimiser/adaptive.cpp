#include <memory>

#include <ATen/ATen.h>

#include "server/optimiser/every_module.hpp"
#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {
namespace {

enum class Second { adagrad, adam, yogi };

/// Algorithm 2 of 2003.00295: m ← β1·m + (1 - β1)·Δ, v by the method, the base moves by η·m / (√v + τ). v starts at τ².
struct Adaptive {
  double rate;
  double beta1;
  double beta2;
  double tau;
  Second second;

  [[nodiscard]] at::Tensor moved(const at::Tensor& v, const at::Tensor& square) const {
    switch (second) {
      case Second::adagrad:
        return v + square;
      case Second::yogi:
        return v - (1 - beta2) * square * (v - square).sign();
      case Second::adam:
        break;
    }
    return beta2 * v + (1 - beta2) * square;
  }
};

class AdaptiveOptimiser final : public ServerOptimiser {
 public:
  explicit AdaptiveOptimiser(const Adaptive& rule) : rule_{rule} {}

  [[nodiscard]] ServerStep step(const OptimiserState& state, const llm::ModelDelta& change) const override {
    const auto one = [this](const at::Tensor& delta, const std::vector<at::Tensor>& before) {
      const auto m = rule_.beta1 * before[0] + (1 - rule_.beta1) * delta;
      const auto v = rule_.moved(before[1], delta.square());
      return ModuleStep{.change = rule_.rate * m / (v.sqrt() + rule_.tau), .moments = {m, v}};
    };
    return every_module(state, change, /*moments=*/2, one, rule_.tau * rule_.tau);
  }

 private:
  Adaptive rule_;
};

Method<ServerOptimiser> adaptive(const char* name, const char* summary, Second second) {
  std::vector<ParameterSpec> parameters = {
      {.name = "rate", .standard = 1e-3, .meaning = "step size", .least = 0},
      {.name = "beta1", .standard = 0.9, .meaning = "share of the first moment kept", .least = 0, .most = 1},
      {.name = "tau", .standard = 1e-3, .meaning = "how far it adapts: small is far", .least = 1e-12}};
  if (second != Second::adagrad)
    parameters.push_back(
        {.name = "beta2", .standard = 0.99, .meaning = "share of the second moment kept", .least = 0, .most = 1});
  return {
      .name = name,
      .summary = summary,
      .parameters = std::move(parameters),
      .make = [second](const Parameters& p) -> std::unique_ptr<ServerOptimiser> {
        return std::make_unique<AdaptiveOptimiser>(Adaptive{.rate = number(p, "rate"),
                                                            .beta1 = number(p, "beta1"),
                                                            .beta2 = second == Second::adagrad ? 0 : number(p, "beta2"),
                                                            .tau = number(p, "tau"),
                                                            .second = second});
      }};
}

}  // namespace

Method<ServerOptimiser> fedadagrad() {
  return adaptive("fedadagrad", "Adagrad over the rounds' changes (2003.00295)", Second::adagrad);
}

Method<ServerOptimiser> fedadam() {
  return adaptive("fedadam", "Adam over the rounds' changes (2003.00295)", Second::adam);
}

Method<ServerOptimiser> fedyogi() {
  return adaptive("fedyogi", "Yogi over the rounds' changes (2003.00295)", Second::yogi);
}

}  // namespace edgefuse::server
