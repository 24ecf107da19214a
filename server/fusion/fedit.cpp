#include "server/fusion/fedit.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/factor_sum.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class FedIt final : public ModuleLocalRule {
 public:
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool keeps_factors() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    require_one_rank(parts, "fedit");
    const auto shares = normalised_weights(parts, all);  // a module that somebody lacks counts as zero factors
    const auto mean = factor_sum(parts, shares, shares);
    return llm::LowRank{.a = mean.a.to(at::kFloat), .b = mean.b.to(at::kFloat)};
  }
};

class FedExResidual final : public ModuleLocalRule {
 public:
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    require_one_rank(parts, "fedex-residual");
    auto coefficients = normalised_weights(parts, all);
    parts.push_back({.delta = factor_sum(parts, coefficients, coefficients)});
    coefficients.push_back(-1);
    return linear_combination(parts, coefficients);
  }
};

/// What the two halves of FedEx do to the base together is the mean of the products.
class FedEx final : public ModuleLocalRule {
 public:
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    require_one_rank(parts, "fedex");
    return linear_combination(parts, normalised_weights(parts, all));
  }
};

}  // namespace

Method<FusionRule> fedit_rule() {
  return {.name = "fedit",
          .summary = "mean of the factors, biased: the baseline (2305.05644)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<FedIt>(); }};
}

Method<FusionRule> fedex_rule() {
  return {.name = "fedex",
          .summary = "fedit with its error put right in the base, exact (2410.09432)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<FedEx>(); }};
}

Method<FusionRule> fedex_residual_rule() {
  return {.name = "fedex-residual",
          .summary = "what fedex adds to the base beside fedit's factors (2410.09432)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<FedExResidual>(); }};
}

}  // namespace edgefuse::server
