#include "server/fusion/fisher.hpp"

#include <ATen/ATen.h>

#include <memory>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/statistics.hpp"

namespace edgefuse::server {
namespace {

class Fisher final : public ModuleLocalRule {
 public:
  explicit Fisher(double floor) : floor_{floor} {}
  [[nodiscard]] Reveals needs() const override { return Reveals::fisher; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    at::Tensor sum;
    at::Tensor weights;
    for (const auto& part : parts) {
      const auto importance = part.weight * normalised(part.statistics.fisher.to(at::kDouble));
      const auto term = importance * dense_double(part.delta);
      sum = sum.defined() ? sum + term : term;
      weights = weights.defined() ? weights + importance : importance;
    }
    // Only clients of weight 0 have the module: nobody counts.
    return llm::Dense{at::where(weights.gt(0), sum / weights, at::zeros_like(sum)).to(at::kFloat)};
  }

  [[nodiscard]] at::Tensor normalised(const at::Tensor& fisher) const {
    const double norm = fisher.norm().item<double>();
    return (norm > 0 ? fisher / norm : fisher).clamp_min(floor_);
  }

  double floor_;
};

}  // namespace

Method<FusionRule> fisher_rule() {
  return {.name = "fisher",
          .summary = "mean weighted by each client's Fisher information, which it reveals (2111.09832)",
          .parameters = {{.name = "floor",
                          .standard = 1e-6,
                          .meaning = "least importance of an entry, of a norm of 1",
                          .least = 1e-30,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Fisher>(number(p, "floor"));
          }};
}

}  // namespace edgefuse::server
