#include "server/fusion/lora_fair.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/factor_sum.hpp"
#include "server/fusion/frobenius_norm.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// 1 - cos(Δ*, X·Ā) + λ·‖X - B̄‖² / ‖B̄‖² as a function of X [out, r], with its gradient.
struct Objective {
  at::Tensor target;  // Δ*·Ā' [out, r]
  at::Tensor gram;    // Ā·Ā' [r, r]
  at::Tensor start;   // B̄
  double target_norm = 0;
  double penalty = 0;  // λ / ‖B̄‖²

  [[nodiscard]] double value(const at::Tensor& x) const {
    const double along = (target * x).sum().item<double>();
    return 1 - along / (target_norm * length(x)) + penalty * (x - start).square().sum().item<double>();
  }
  [[nodiscard]] at::Tensor gradient(const at::Tensor& x) const {
    const double along = (target * x).sum().item<double>();
    const double norm = length(x);
    return (along / (norm * norm) * at::mm(x, gram) - target) / (target_norm * norm) + 2 * penalty * (x - start);
  }
  /// ‖X·Ā‖_F.
  [[nodiscard]] double length(const at::Tensor& x) const {
    return std::sqrt((at::mm(x, gram) * x).sum().item<double>());
  }
};

at::Tensor descend(const Objective& objective, std::int64_t steps) {
  auto x = objective.start;
  double value = objective.value(x);
  double rate = objective.start.square().sum().item<double>();
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto gradient = objective.gradient(x);
    const double slope = gradient.square().sum().item<double>();
    constexpr double sufficient = 1e-4;  // Armijo's condition
    while (rate * slope > 1e-14 && !(objective.value(x - rate * gradient) <= value - sufficient * rate * slope))
      rate /= 2;
    if (!(rate * slope > 1e-14)) break;
    x = x - rate * gradient;
    value = objective.value(x);
    rate *= 2;
  }
  return x;
}

class LoraFair final : public ModuleLocalRule {
 public:
  LoraFair(double lambda, std::int64_t steps) : lambda_{lambda}, steps_{steps} {}
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool keeps_factors() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    require_one_rank(parts, "lora-fair");
    const auto shares = normalised_weights(parts, all);
    auto mean = factor_sum(parts, shares, shares);
    const auto exact = stacked(parts, shares);
    const double target_norm = frobenius_norm(exact);
    if (target_norm > 0 && frobenius_norm(mean) > 0) {
      const auto projected = at::mm(exact.b.to(at::kDouble), at::mm(exact.a.to(at::kDouble), mean.a.t()));
      mean.b = descend({.target = projected,
                        .gram = at::mm(mean.a, mean.a.t()),
                        .start = mean.b,
                        .target_norm = target_norm,
                        .penalty = lambda_ / mean.b.square().sum().item<double>()},
                       steps_);
    }
    return llm::LowRank{.a = mean.a.to(at::kFloat), .b = mean.b.to(at::kFloat)};
  }

  double lambda_;
  std::int64_t steps_;
};

}  // namespace

Method<FusionRule> lora_fair_rule() {
  return {.name = "lora-fair",
          .summary = "mean of the factors, B turned towards the exact mean; biased (2411.14961)",
          .parameters = {{.name = "lambda", .standard = 0.01, .meaning = "how B is held to the mean", .least = 0},
                         {.name = "steps",
                          .standard = 200.0,
                          .meaning = "of gradient descent, at most",
                          .least = 0,
                          .most = 100000,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<LoraFair>(number(p, "lambda"), static_cast<std::int64_t>(number(p, "steps")));
          }};
}

}  // namespace edgefuse::server
