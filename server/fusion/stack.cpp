#include "server/fusion/stack.hpp"

#include <memory>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class Stack final : public ModuleLocalRule {
 public:
  [[nodiscard]] bool needs_low_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    return stacked(parts, normalised_weights(parts, all));
  }
};

}  // namespace

Method<FusionRule> stack_rule() {
  return {.name = "stack",
          .summary = "example-weighted sum as stacked factors, exact and low rank (FLoRA)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<Stack>(); },
          .aliases = {"flora"}};
}

}  // namespace edgefuse::server
