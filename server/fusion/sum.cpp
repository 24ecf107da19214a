#include "server/fusion/sum.hpp"

#include <memory>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class Sum final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    return linear_combination(parts, std::vector<double>(parts.size(), 1.0));
  }
};

class WeightedSum final : public ModuleLocalRule {
 public:
  [[nodiscard]] WeightSigns weight_signs() const override { return WeightSigns::any; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    return linear_combination(parts, weights_of(parts));
  }
};

}  // namespace

Method<FusionRule> sum_rule() {
  return {.name = "sum",
          .summary = "plain sum of the changes",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<Sum>(); }};
}

Method<FusionRule> weighted_sum_rule() {
  return {.name = "weighted-sum",
          .summary = "sum of the changes, each times its weight, which may be negative",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<WeightedSum>(); }};
}

}  // namespace edgefuse::server
