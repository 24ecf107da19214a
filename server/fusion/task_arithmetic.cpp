#include "server/fusion/task_arithmetic.hpp"

#include <memory>
#include <vector>

#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class TaskArithmetic final : public ModuleLocalRule {
 public:
  explicit TaskArithmetic(double lambda) : lambda_{lambda} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    return linear_combination(parts, std::vector<double>(parts.size(), lambda_));
  }

  double lambda_;
};

}  // namespace

Method<FusionRule> task_arithmetic_rule() {
  return {.name = "task-arithmetic",
          .summary = "lambda times the plain sum of the changes (2212.04089)",
          .parameters = {{.name = "lambda",
                          .standard = 0.4,
                          .meaning = "factor on the sum; the literature's 0.3 to 0.4 is for some eight adapters"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<TaskArithmetic>(number(p, "lambda"));
          }};
}

}  // namespace edgefuse::server
