#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/fuse.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::random_contributions;
using testing::same_bits;

std::unique_ptr<ConflictResolver> none() {
  return conflict_resolvers().make("none");
}

/// Every registered rule, with parameters under which one adapter is fused to itself.
struct Choice {
  std::string name;
  Parameters parameters{};
};
const std::vector<Choice> all_rules = {{"mean"},
                                       {"weighted-mean"},
                                       {"sum"},
                                       {"weighted-sum"},
                                       {"coverage-mean"},
                                       {"mean-nonzero"},
                                       {"task-arithmetic", {{"lambda", 1.0}}},
                                       {"ties", {{"density", 1.0}, {"scope", std::string{"tensor"}}}},
                                       {"ties", {{"density", 1.0}, {"scope", std::string{"model"}}}},
                                       {"stack"}};
/// The same where something is trimmed.
const Choice trimming_ties{"ties", {{"density", 0.3}, {"scope", std::string{"model"}}}};

at::Tensor doubles(const llm::ModuleDelta& delta) {
  return llm::dense(delta).to(at::kDouble);
}

/// Σ p_i D_i in float64 from the definition, a missing module being zero.
at::Tensor weighted_mean(const std::vector<Contribution>& contributions, llm::ModuleId id) {
  double total = 0;
  for (const auto& c : contributions)
    total += c.weight;
  at::Tensor sum;
  for (const auto& c : contributions) {
    const auto it = c.delta.find(id);
    if (it == c.delta.end()) continue;
    const auto& low = std::get<llm::LowRank>(it->second);
    const auto term = c.weight / total * at::mm(low.b.to(at::kDouble), low.a.to(at::kDouble));
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

TEST(FusionProperty, EveryRegisteredRuleIsInTheseTests) {
  std::set<std::string> tested;
  for (const auto& choice : all_rules)
    tested.insert(choice.name);
  const auto rules = fusion_rules();
  for (const auto& method : rules.methods())
    EXPECT_TRUE(tested.contains(method.name)) << method.name << " has no property tests";
}

TEST(FusionProperty, StackAndMeanAreTheWeightedSumForMixedRanks) {
  for (std::uint32_t count = 1; count <= 9; ++count) {
    const auto contributions = random_contributions(count, 30 + count);
    for (const auto* rule : {"weighted-mean", "stack"}) {
      const auto fused = fuse(contributions, *none(), *fusion_rules().make(rule));
      EXPECT_EQ(fused.size(), 3U);
      for (const auto& [id, delta] : fused)
        EXPECT_LT(distance(doubles(delta), weighted_mean(contributions, id)), 1e-5) << rule << ", " << id.name();
    }
  }
}

TEST(FusionProperty, StackStaysLowRankWithTheSumOfTheRanks) {
  const auto contributions = random_contributions(20, 41);
  const auto fused = fuse(contributions, *none(), *fusion_rules().make("stack"));
  std::int64_t ranks = 0;
  for (const auto& c : contributions)
    ranks += std::get<llm::LowRank>(c.delta.at(testing::q0)).a.size(0);
  const auto& low = std::get<llm::LowRank>(fused.at(testing::q0));
  EXPECT_EQ(low.a.size(0), ranks);
  EXPECT_EQ(low.b.size(1), ranks);
}

TEST(FusionProperty, MeanIsLowRankExactlyWhileThatIsSmaller) {
  for (const auto& [count, low_rank] : {std::pair{3U, true}, std::pair{20U, false}}) {
    const auto fused = fuse(random_contributions(count, 42), *none(), *fusion_rules().make("weighted-mean"));
    for (const auto& [id, delta] : fused)
      EXPECT_EQ(std::holds_alternative<llm::LowRank>(delta), low_rank) << count << " clients, " << id.name();
  }
}

TEST(FusionProperty, ADenseMeanIsTheSumInDoublePrecisionRoundedOnce) {
  const auto contributions = random_contributions(20, 51);
  for (const auto& [id, delta] : fuse(contributions, *none(), *fusion_rules().make("weighted-mean"))) {
    const auto exact = weighted_mean(contributions, id);
    const auto error = (llm::dense(delta).to(at::kDouble) - exact).abs();
    // Half a unit in the last place of float32, 2^-24, and what float64 loses where the terms cancel.
    EXPECT_TRUE((error <= exact.abs() * 0x1p-24 + 1e-13).all().item<bool>()) << id.name();
  }
}

TEST(FusionProperty, OneAdapterWithWeightOneIsThatAdapter) {
  auto contributions = random_contributions(1, 43);
  contributions[0].weight = 1;
  for (const auto& choice : all_rules) {
    for (const auto* conflict : {"none", "cr-sign"}) {
      if (choice.name == "stack" && std::string{conflict} == "cr-sign") continue;
      const auto fused = fuse(contributions, *conflict_resolvers().make(conflict),
                              *fusion_rules().make(choice.name, choice.parameters));
      for (const auto& [id, delta] : fused)
        EXPECT_TRUE(at::equal(llm::dense(delta), llm::dense(contributions[0].delta.at(id))))
            << choice.name << " after " << conflict << ", " << id.name();
    }
  }
}

TEST(FusionProperty, TheOrderOfClientsNeverChangesABit) {
  sim::Draws draws{{.seed = 44, .domain = sim::Domain::test}};
  auto choices = all_rules;
  choices.push_back(trimming_ties);
  for (const auto& choice : choices) {
    for (const auto* conflict : {"none", "cr-sign"}) {
      if (choice.name == "stack" && std::string{conflict} == "cr-sign") continue;
      auto contributions = random_contributions(7, 45);
      const auto resolver = conflict_resolvers().make(conflict);
      const auto rule = fusion_rules().make(choice.name, choice.parameters);
      const auto fused = fuse(contributions, *resolver, *rule);
      for (int i = 0; i < 4; ++i) {
        draws.shuffle(contributions);
        EXPECT_TRUE(same_bits(fuse(contributions, *resolver, *rule), fused)) << choice.name << " after " << conflict;
      }
    }
  }
}

TEST(FusionProperty, AWeightOfZeroIsAsIfTheClientWereNotThere) {
  const auto contributions = random_contributions(4, 46);
  auto with_idle = contributions;
  with_idle.push_back(random_contributions(9, 47).back());
  with_idle.back().weight = 0;
  for (const auto* rule : {"weighted-mean", "stack"}) {
    const auto fused = fuse(contributions, *none(), *fusion_rules().make(rule));
    EXPECT_TRUE(same_bits(fuse(with_idle, *none(), *fusion_rules().make(rule)), fused)) << rule;
  }
}

TEST(FusionProperty, OnlyProportionsOfWeightsMatterToTheMean) {
  auto contributions = random_contributions(5, 48);
  const auto fused = fuse(contributions, *none(), *fusion_rules().make("weighted-mean"));
  for (auto& c : contributions)
    c.weight *= 1024;
  EXPECT_TRUE(same_bits(fuse(contributions, *none(), *fusion_rules().make("weighted-mean")), fused));
}

TEST(FusionProperty, DenseAndLowRankInputsGiveTheSame) {
  const auto contributions = random_contributions(6, 49);
  auto dense = contributions;
  for (auto& c : dense)
    for (auto& [id, delta] : c.delta)
      delta = llm::Dense{llm::dense(delta)};
  for (const auto& choice : all_rules) {
    if (choice.name == "stack") continue;
    const auto rule = fusion_rules().make(choice.name, choice.parameters);
    const auto fused = fuse(contributions, *none(), *rule);
    for (const auto& [id, delta] : fuse(dense, *none(), *rule))
      EXPECT_LT(distance(llm::dense(delta), llm::dense(fused.at(id))), 2e-5) << choice.name << ", " << id.name();
  }
}

TEST(FusionProperty, NobodysInputIsWrittenInto) {
  auto dense = random_contributions(4, 50);
  for (auto& c : dense)
    for (auto& [id, delta] : c.delta)
      delta = llm::Dense{llm::dense(delta)};
  auto before = dense;
  for (auto& c : before)
    for (auto& [id, delta] : c.delta)
      delta = llm::Dense{llm::dense(delta).clone()};
  auto choices = all_rules;
  choices.push_back(trimming_ties);
  for (const auto& choice : choices) {
    if (choice.name == "stack") continue;
    (void)fuse(dense, *conflict_resolvers().make("cr-sign", {{"rescale", true}}),
               *fusion_rules().make(choice.name, choice.parameters));
    for (std::size_t i = 0; i < dense.size(); ++i)
      EXPECT_TRUE(same_bits(dense[i].delta, before[i].delta)) << choice.name << ", client " << i;
  }
}

}  // namespace
}  // namespace edgefuse::server
