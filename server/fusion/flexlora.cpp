#include "server/fusion/flexlora.hpp"

#include <cstdint>
#include <memory>
#include <variant>

#include <algorithm>

#include "server/fusion/linear_combination.hpp"
#include "server/fusion/truncation.hpp"

namespace edgefuse::server {
namespace {

class FlexLora final : public ModuleLocalRule {
 public:
  explicit FlexLora(std::int64_t rank) : rank_{rank} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    const auto weights = normalised_weights(parts, all);
    const bool factors = std::ranges::all_of(
        parts, [](const ModulePart& part) { return std::holds_alternative<llm::LowRank>(part.delta); });
    const llm::ModuleDelta sum = factors ? stacked(parts, weights) : linear_combination(parts, weights);
    return truncated(sum, rank_).factors;
  }

  std::int64_t rank_;
};

}  // namespace

Method<FusionRule> flexlora_rule() {
  return {.name = "flexlora",
          .summary = "weighted mean cut to a rank by its singular values (2402.11505)",
          .parameters =
              {{.name = "rank", .standard = 8.0, .meaning = "of the result", .least = 0, .most = 65536, .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<FlexLora>(static_cast<std::int64_t>(number(p, "rank")));
          }};
}

}  // namespace edgefuse::server
