#include "server/fusion/hetlora.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/factor_sum.hpp"
#include "server/fusion/frobenius_norm.hpp"

namespace edgefuse::server {
namespace {

class HetLora final : public ModuleLocalRule {
 public:
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool keeps_factors() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    std::vector<double> shares;
    double total = 0;
    for (const auto& part : parts)
      total += shares.emplace_back(frobenius_norm(part.delta));
    for (auto& share : shares)  // where nothing has changed yet, A goes on all the same
      share = total > 0 ? share / total : 1 / static_cast<double>(parts.size());
    const auto sum = factor_sum(parts, shares, shares);
    return llm::LowRank{.a = sum.a.to(at::kFloat), .b = sum.b.to(at::kFloat)};
  }
};

}  // namespace

Method<FusionRule> hetlora_rule() {
  return {.name = "hetlora",
          .summary = "mean of zero-padded factors, weighted by the size of each change; biased (2401.06432)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<HetLora>(); }};
}

}  // namespace edgefuse::server
