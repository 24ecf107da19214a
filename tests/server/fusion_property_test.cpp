#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/one_rank_rules.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::random_contributions;
using testing::same_bits;

std::unique_ptr<ConflictResolver> none() {
  return conflict_resolvers().make("none");
}

/// A rule with parameters.
struct Choice {
  std::string name;
  Parameters parameters{};
  double alone_off = 0;  // how far from one adapter with weight 1 is what it is fused to
};
constexpr double not_itself = std::numeric_limits<double>::infinity();
Parameters in_scope(const char* scope, Parameters parameters) {
  parameters["scope"] = std::string{scope};
  return parameters;
}

/// Every registered rule, with parameters under which, if ever, one adapter is fused to itself.
const std::vector<Choice> all_rules = {
    {"mean"},
    {"weighted-mean"},
    {"sum"},
    {"weighted-sum"},
    {"coverage-mean"},
    {"mean-nonzero"},
    {"task-arithmetic", {{"lambda", 1.0}}},
    {"ties", in_scope("tensor", {{"density", 1.0}})},
    {"ties", in_scope("model", {{"density", 1.0}})},
    {"ties-weighted", in_scope("tensor", {{"density", 1.0}})},
    {"ties-weighted", in_scope("model", {{"density", 1.0}})},
    {"dare-linear", {{"p", 0.0}, {"lambda", 1.0}}},
    {"dare-ties", in_scope("tensor", {{"p", 0.0}})},
    {"dare-ties", in_scope("model", {{"p", 0.0}})},
    {"core-mean-nonzero", {}, 1e-5},
    {"core-task-arithmetic", {{"lambda", 1.0}}, 1e-5},
    {"core-ties", in_scope("model", {{"density", 1.0}}), 1e-5},
    {"core-ties-weighted", in_scope("model", {{"density", 1.0}}), 1e-5},
    {"core-dare-linear", {{"p", 0.0}, {"lambda", 1.0}}, 1e-5},
    {"core-dare-ties", in_scope("model", {{"p", 0.0}}), 1e-5},
    {"knots-mean-nonzero", {}, 1e-5},
    {"core-della", {{"density", 1.0}, {"epsilon", 0.0}}, 1e-5},
    {"core-breadcrumbs", in_scope("row", {{"keep", 1.0}, {"gamma", 0.0}, {"alpha", 1.0}}), 1e-5},
    {"core-consensus", {{"k", 1.0}, {"lambda", 1.0}}, 1e-5},
    {"core-pcb", {{"density", 1.0}, {"lambda", 1.0}}, not_itself},
    {"core-sce", {}, 1e-5},
    {"core-median", {}, 1e-5},
    {"core-trimmed-mean", {}, 1e-5},
    {"knots-della", {{"density", 1.0}, {"epsilon", 0.0}}, 1e-5},
    {"knots-breadcrumbs", in_scope("row", {{"keep", 1.0}, {"gamma", 0.0}, {"alpha", 1.0}}), 1e-5},
    {"knots-consensus", {{"k", 1.0}, {"scale", 1.0}}, 1e-5},
    {"knots-pcb", {{"density", 1.0}, {"scale", 1.0}}, not_itself},
    {"knots-sce", {}, 1e-5},
    {"knots-median", {}, 1e-5},
    {"knots-trimmed-mean", {}, 1e-5},
    {"knots-task-arithmetic", {{"scale", 1.0}}, 1e-5},
    {"knots-ties", in_scope("model", {{"density", 1.0}}), 1e-5},
    {"knots-ties-weighted", in_scope("model", {{"density", 1.0}}), 1e-5},
    {"knots-dare-linear", {{"p", 0.0}, {"scale", 1.0}}, 1e-5},
    {"knots-dare-ties", in_scope("model", {{"p", 0.0}}), 1e-5},
    {"della", {{"density", 1.0}, {"epsilon", 0.0}}},
    {"breadcrumbs", in_scope("row", {{"keep", 1.0}, {"gamma", 0.0}, {"alpha", 1.0}})},
    {"breadcrumbs", in_scope("tensor", {{"keep", 1.0}, {"gamma", 0.0}, {"alpha", 1.0}})},
    {"consensus", {{"k", 1.0}, {"lambda", 1.0}}},
    {"pcb", {{"density", 1.0}, {"lambda", 1.0}}, not_itself},
    {"cabs", {{"n", 4.0}, {"m", 4.0}}},
    {"sce"},
    {"model-stock"},
    {"slerp", {}, not_itself},
    {"karcher"},
    {"median"},
    {"trimmed-mean"},
    {"krum", {{"byzantine", 0.0}}},
    {"norm-clip"},
    {"hetlora", {}, 1e-5},
    {"flexlora", {}, 1e-5},
    {"tsv", {}, 1e-5},
    {"iso-c-core", {}, 1e-5},
    {"lego", {}, 1e-5},
    {"stack"}};

/// The same and those that do something else under other parameters: trim, drop, choose.
std::vector<Choice> all_choices() {
  auto choices = all_rules;
  for (const auto& choice : std::vector<Choice>{{"ties", in_scope("model", {{"density", 0.3}})},
                                                {"ties-weighted", in_scope("model", {{"density", 0.3}})},
                                                {"dare-linear"},
                                                {"dare-ties"},
                                                {"della"},
                                                {"breadcrumbs"},
                                                {"consensus"},
                                                {"pcb"},
                                                {"cabs", {{"n", 2.0}, {"m", 9.0}}},
                                                {"sce", {{"density", 0.4}}},
                                                {"slerp", {{"t", 0.3}}},
                                                {"trimmed-mean", {{"trim", 0.3}}},
                                                {"krum", {{"multi", 3.0}}},
                                                {"norm-clip", {{"norm", 20.0}}}})
    choices.push_back(choice);
  return choices;
}

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

TEST(FusionProperty, EveryRegisteredRuleIsInTheseTestsOrInThoseOfOneRank) {
  std::set<std::string> tested;
  for (const auto& choice : all_rules)
    tested.insert(choice.name);
  for (const auto& rule : testing::one_rank_rules())
    tested.insert(rule.name);
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
    if (choice.alone_off == not_itself) continue;
    const auto rule = fusion_rules().make(choice.name, choice.parameters);
    for (const auto* conflict : {"none", "cr-sign"}) {
      if (rule->needs_low_rank() && std::string{conflict} == "cr-sign") continue;
      for (const auto& [id, delta] : fuse(contributions, *conflict_resolvers().make(conflict), *rule))
        EXPECT_LE(distance(llm::dense(delta), llm::dense(contributions[0].delta.at(id))), choice.alone_off)
            << choice.name << " after " << conflict << ", " << id.name();
    }
  }
}

TEST(FusionProperty, TheOrderOfClientsNeverChangesABit) {
  sim::Draws draws{{.seed = 44, .domain = sim::Domain::test}};
  for (const auto& choice : all_choices()) {
    const auto rule = fusion_rules().make(choice.name, choice.parameters);
    for (const auto* conflict : {"none", "cr-sign"}) {
      if (rule->needs_low_rank() && std::string{conflict} == "cr-sign") continue;
      auto contributions = random_contributions(testing::how_many(choice.name, 7), 45);
      const auto resolver = conflict_resolvers().make(conflict);
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
  for (const auto& choice : all_choices()) {
    const auto rule = fusion_rules().make(choice.name, choice.parameters);
    if (rule->needs_low_rank()) continue;
    const auto contributions = random_contributions(testing::how_many(choice.name, 6), 49);
    auto dense = contributions;
    for (auto& c : dense)
      for (auto& [id, delta] : c.delta)
        delta = llm::Dense{llm::dense(delta)};
    const auto fused = fuse(contributions, *none(), *rule);
    for (const auto& [id, delta] : fuse(dense, *none(), *rule))
      EXPECT_LT(distance(llm::dense(delta), llm::dense(fused.at(id))), 2e-5) << choice.name << ", " << id.name();
  }
}

TEST(FusionProperty, NobodysInputIsWrittenInto) {
  for (const auto& choice : all_choices()) {
    const auto rule = fusion_rules().make(choice.name, choice.parameters);
    if (rule->needs_low_rank()) continue;
    auto dense = random_contributions(testing::how_many(choice.name, 5), 50);
    for (auto& c : dense)
      for (auto& [id, delta] : c.delta)
        delta = llm::Dense{llm::dense(delta)};
    auto before = dense;
    for (auto& c : before)
      for (auto& [id, delta] : c.delta)
        delta = llm::Dense{llm::dense(delta).clone()};
    (void)fuse(dense, *conflict_resolvers().make("cr-sign", {{"rescale", true}}), *rule);
    (void)fuse(dense, *none(), *rule);
    for (std::size_t i = 0; i < dense.size(); ++i)
      EXPECT_TRUE(same_bits(dense[i].delta, before[i].delta)) << choice.name << ", client " << i;
  }
}

TEST(FusionProperty, FactorsThatGoIntoRulesOfWholeChangesStayFactors) {
  for (const auto* rule : {"model-stock", "slerp", "karcher", "krum", "norm-clip"}) {
    const auto contributions = random_contributions(testing::how_many(rule, 5), 52);
    const auto method = fusion_rules().make(rule, {});
    for (const auto& [id, delta] : fuse(contributions, *none(), *method))
      EXPECT_TRUE(std::holds_alternative<llm::LowRank>(delta)) << rule << ", " << id.name();
  }
}

}  // namespace
}  // namespace edgefuse::server
