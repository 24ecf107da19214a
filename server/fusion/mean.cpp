#include "server/fusion/mean.hpp"

#include <memory>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class Mean final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    return linear_combination(parts, std::vector<double>(parts.size(), 1 / static_cast<double>(all.contributions)));
  }
};

class WeightedMean final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    return linear_combination(parts, normalised_weights(parts, all));
  }
};

}  // namespace

Method<FusionRule> mean_rule() {
  return {.name = "mean",
          .summary = "plain mean of the changes, exact",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<Mean>(); }};
}

Method<FusionRule> weighted_mean_rule() {
  return {.name = "weighted-mean",
          .summary = "example-weighted mean of the changes, exact (FedAvg on products)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<WeightedMean>(); }};
}

}  // namespace edgefuse::server
