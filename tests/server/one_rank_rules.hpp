#pragma once

#include <limits>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "llm/delta.hpp"
#include "server/fusion/fusion_rule.hpp"
#include "sim/random.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server::testing {

/// A rule that wants more than any changes: factors of one rank, statistics, public texts.
struct OneRankRule {
  std::string name;
  Parameters parameters{};
  double alone_off = 1e-5;  // how far from one adapter with weight 1 is what it is fused to
};

inline std::vector<OneRankRule> one_rank_rules() {
  constexpr double not_itself = std::numeric_limits<double>::infinity();
  return {{"fedit"},
          {"fedex"},
          {"fedex-residual", {}, not_itself},
          {"lora-fair"},
          {"lorahub", {{"steps", 6.0}}, not_itself},
          {"regmean", {}, 1e-3},
          {"fisher"},
          {"peft-linear"},
          {"peft-ties", {{"density", 1.0}}},
          {"peft-magnitude-prune", {{"density", 1.0}}}};
}

/// Changes of two modules, all of rank 3, with what clients may reveal of these.
inline std::vector<Contribution> revealing_contributions(std::uint32_t count, std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  std::vector<Contribution> all;
  for (std::uint32_t client = 0; client < count; ++client) {
    Contribution one{.client = client, .weight = 1 + draws.uniform() * 9, .delta = {}};
    for (const auto& [id, out, in] : {std::tuple{q0, 21, 34}, std::tuple{down0, 34, 55}}) {
      one.delta[id] = random_low_rank(out, in, 3, draws);
      const auto inputs = random_tensor({80, in}, draws);
      one.statistics[id] = {.gram = at::mm(inputs.t(), inputs) / 80,
                            .fisher = random_tensor({out, in}, draws).square()};
    }
    all.push_back(std::move(one));
  }
  return all;
}

/// Public texts that like small changes.
inline double size_of(const llm::ModelDelta& change) {
  double sum = 0;
  for (const auto& [id, delta] : change)
    sum += llm::dense(delta).norm().item<double>();
  return sum;
}

}  // namespace edgefuse::server::testing
