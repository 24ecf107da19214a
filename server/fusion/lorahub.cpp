#include "server/fusion/lorahub.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/fusion/factor_sum.hpp"
#include "server/fusion/linear_combination.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::server {
namespace {

constexpr double bound = 1.5;
constexpr double price = 0.05;  // of mean|c|

class LoraHub final : public FusionRule {
 public:
  explicit LoraHub(std::int64_t steps) : steps_{steps} {}
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }
  [[nodiscard]] bool needs_public_text() const override { return true; }

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    if (!modules.public_loss)
      throw InputError{Mistake{.key = "lorahub",
                               .problem = "judges coefficients by public texts, and there are none",
                               .remedy = "name some: --public with --base, or [public] in a scenario"}};
    const auto best = search(modules);
    for (const auto& [id, shape] : modules.shapes)
      sink(id, combined(modules.parts(id), best));
  }

 private:
  using Coefficients = std::vector<double>;  // by contribution

  static llm::LowRank combined(const ModuleParts& parts, const Coefficients& all) {
    require_one_rank(parts, "lorahub");
    const auto own = of_parts(parts, all);
    const auto sum = factor_sum(parts, own, own);
    return {.a = sum.a.to(at::kFloat), .b = sum.b.to(at::kFloat)};
  }

  static double cost(const ModuleSource& modules, const Coefficients& coefficients) {
    llm::ModelDelta change;
    for (const auto& [id, shape] : modules.shapes)
      change.emplace(id, combined(modules.parts(id), coefficients));
    double size = 0;
    for (const double c : coefficients)
      size += std::abs(c);
    return modules.public_loss(change) + price * size / static_cast<double>(coefficients.size());
  }

  [[nodiscard]] Coefficients search(const ModuleSource& modules) const {
    sim::Draws draws{{.seed = modules.seed.seed, .domain = sim::Domain::fusion_search, .round = modules.seed.round}};
    Coefficients best(modules.contributions, 0.0);
    double least = cost(modules, best);
    double width = 0.5;
    for (std::int64_t i = 1; i < steps_; ++i) {
      auto next = best;
      for (auto& c : next)
        c = std::clamp(c + width * draws.normal(), -bound, bound);
      const double found = cost(modules, next);
      const bool better = found < least;
      width *= better ? 1.5 : std::pow(1.5, -0.25);  // steady at one success in five
      if (!better) continue;
      best = std::move(next);
      least = found;
    }
    return best;
  }

  std::int64_t steps_;
};

}  // namespace

Method<FusionRule> lorahub_rule() {
  return {.name = "lorahub",
          .summary = "factors added with coefficients found on public texts; biased (2307.13269)",
          .parameters = {{.name = "steps",
                          .standard = 40.0,
                          .meaning = "evaluations of the loss",
                          .least = 1,
                          .most = 1e6,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<LoraHub>(static_cast<std::int64_t>(number(p, "steps")));
          }};
}

}  // namespace edgefuse::server
