#include "server/fusion/consensus.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

struct ConsensusSettings {
  double mask_lambda;
  double at_least;
  double lambda;
};

class Consensus final : public ModuleLocalRule {
 public:
  explicit Consensus(const ConsensusSettings& settings) : settings_{settings} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const auto changes = own_dense(parts);
    auto result = at::empty_like(changes.front());
    const auto out = numbers(result);
    std::vector<std::span<const float>> values;
    for (const auto& change : changes)
      values.push_back(numbers(change));
    for (std::size_t e = 0; e < out.size(); ++e)
      out[e] = static_cast<float>(fused(values, e));
    return llm::Dense{result};
  }

  [[nodiscard]] double fused(std::span<const std::span<const float>> values, std::size_t e) const {
    double sum = 0;
    for (const auto& change : values)
      sum += change[e];
    double active = 0;
    for (const auto& change : values) {
      const double own = change[e];
      active += std::abs(own) > settings_.mask_lambda * std::abs(sum - own) ? 1 : 0;
    }
    return active >= settings_.at_least ? settings_.lambda * sum : 0;
  }

  ConsensusSettings settings_;
};

}  // namespace

Method<FusionRule> consensus_rule() {
  return {
      .name = "consensus",
      .summary = "lambda times the sum where it serves at least k of the changes (2405.07813)",
      .parameters = {{.name = "mask-lambda",
                      .standard = 0.4,
                      .meaning = "an entry is active in a change that is larger than this times what the others add",
                      .least = 0},
                     {.name = "k",
                      .standard = 2.0,
                      .meaning = "in how many changes an entry must be active",
                      .least = 0,
                      .whole = true},
                     {.name = "lambda", .standard = 0.4, .meaning = "factor on the sum"}},
      .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
        return std::make_unique<Consensus>(ConsensusSettings{
            .mask_lambda = number(p, "mask-lambda"), .at_least = number(p, "k"), .lambda = number(p, "lambda")});
      }};
}

}  // namespace edgefuse::server
