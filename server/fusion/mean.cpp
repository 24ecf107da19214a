#include "server/fusion/mean.hpp"

#include <memory>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class Mean final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ResolvedModules& all) const override {
    return linear_combination(parts, normalised_weights(parts, all));
  }
};

}  // namespace

Method<FusionRule> mean_rule() {
  return {.name = "mean",
          .summary = "example-weighted mean of the changes, exact (FedAvg on products)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<Mean>(); }};
}

}  // namespace edgefuse::server
