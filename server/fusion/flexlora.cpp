#include "server/fusion/flexlora.hpp"

#include <cstdint>
#include <memory>

#include "server/fusion/linear_combination.hpp"
#include "server/fusion/truncation.hpp"

namespace edgefuse::server {
namespace {

class FlexLora final : public ModuleLocalRule {
 public:
  explicit FlexLora(std::int64_t rank) : rank_{rank} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    return truncated(stacked_if_low_rank(parts, normalised_weights(parts, all)), rank_).factors;
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
