#include "server/fuse.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "sim/error.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::random_contributions;

std::string complaint(const std::vector<Contribution>& contributions, const char* rule = "weighted-mean",
                      const char* conflict = "none") {
  try {
    (void)fuse(contributions, *conflict_resolvers().make(conflict), *fusion_rules().make(rule));
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

std::string parameter_complaint(const char* rule, const Parameters& parameters) {
  try {
    (void)fusion_rules().make(rule, parameters, {.file = "a.toml", .line = 4, .key = "fusion"});
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos)
      << "expected \"" << part << "\" in: " << (text.empty() ? "nothing" : text);
}

/// Rules that need nothing but adapters; the others have tests of their own.
std::vector<std::string> rules_on_adapters() {
  std::vector<std::string> names;
  const auto rules = fusion_rules();
  for (const auto& method : rules.methods()) {
    const auto rule = rules.make(method.name);
    if (rule->needs() == Reveals::nothing && !rule->needs_public_text()) names.push_back(method.name);
  }
  return names;
}

TEST(Fusion, OfNothingIsNoChange) {
  const auto rules = fusion_rules();
  for (const auto& method : rules.methods())
    EXPECT_TRUE(fuse({}, *conflict_resolvers().make("none"), *fusion_rules().make(method.name)).empty()) << method.name;
}

TEST(Fusion, AdaptersOfRankZeroChangeNothing) {
  for (const auto& rule : rules_on_adapters()) {
    std::vector<Contribution> contributions;
    for (std::uint32_t i = 0; i < testing::how_many(rule, 5); ++i)
      contributions.push_back(
          {.client = i, .weight = 1, .delta = {{testing::q0, llm::LowRank{at::zeros({0, 7}), at::zeros({5, 0})}}}});
    const auto fused = fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule));
    EXPECT_TRUE(at::equal(llm::dense(fused.at(testing::q0)), at::zeros({5, 7}))) << rule;
  }
}

TEST(Fusion, ManyContributionsGoThroughEveryRule) {
  for (const auto& rule : rules_on_adapters()) {
    const auto contributions = random_contributions(testing::how_many(rule, 64), 71, /*one_rank=*/3);
    const auto fused = fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule));
    EXPECT_EQ(fused.size(), 3U) << rule;
    for (const auto& [id, delta] : fused)
      EXPECT_TRUE(at::isfinite(llm::dense(delta)).all().item<bool>()) << rule << ", " << id.name();
  }
}

TEST(Fusion, ModulesArriveAtTheSinkInOrder) {
  for (const auto& rule : rules_on_adapters()) {
    const auto contributions = random_contributions(testing::how_many(rule, 5), 72, /*one_rank=*/3);
    std::vector<llm::ModuleId> seen;
    fuse(source_of(contributions), *conflict_resolvers().make("none"), *fusion_rules().make(rule),
         [&](llm::ModuleId id, const llm::ModuleDelta&) { seen.push_back(id); });
    EXPECT_EQ(seen, (std::vector<llm::ModuleId>{testing::q0, testing::down0, testing::gate1})) << rule;
  }
}

TEST(Fusion, ThatNeedsFactorsRefusesAResolverThatMakesThemDense) {
  expect_in("needs low-rank changes", complaint(random_contributions(3, 73), "stack", "cr-sign"));
  EXPECT_EQ(complaint(random_contributions(3, 73), "stack", "none"), "");
}

TEST(Fusion, NumbersThatAreNotFiniteAreRefusedNotFused) {
  auto contributions = random_contributions(3, 74);
  std::get<llm::LowRank>(contributions[1].delta[testing::down0]).a[0][4] = std::numeric_limits<float>::quiet_NaN();
  contributions[2].weight = std::numeric_limits<double>::infinity();
  const auto text = complaint(contributions);
  expect_in("adapter of client 1: model.layers.0.mlp.down_proj holds NaN or Inf", text);
  expect_in("adapter of client 2: weight inf", text);
}

TEST(Fusion, WeightsMustNotBeNegativeOrAllZero) {
  auto contributions = random_contributions(2, 75);
  contributions[0].weight = -0.5;
  expect_in("adapter of client 0: weight -0.5", complaint(contributions));
  contributions[0].weight = contributions[1].weight = 0;
  expect_in("weights: all are 0", complaint(contributions));
}

TEST(Fusion, ModulesOfDifferentShapesAreRefused) {
  auto contributions = random_contributions(3, 76);
  sim::Draws draws{{.seed = 77, .domain = sim::Domain::test}};
  contributions[2].delta[testing::q0] = testing::random_low_rank(21, 33, 2, draws);
  expect_in("adapter of client 2: model.layers.0.self_attn.q_proj is 21 x 33, elsewhere 21 x 34",
            complaint(contributions));
}

TEST(Fusion, AllMistakesInAMethodsParametersAreToldAtOnce) {
  const auto text =
      parameter_complaint("ties", {{"densty", 0.2}, {"scope", std::string{"row"}}, {"lambda", true}, {"density", 1.5}});
  expect_in("a.toml:4: fusion.densty: unknown parameter of ties (did you mean density?)", text);
  expect_in("a.toml:4: fusion.scope: \"row\" is not a choice (one of tensor, model)", text);
  expect_in("a.toml:4: fusion.lambda: is true or false (give a number)", text);
  expect_in("a.toml:4: fusion.density: 1.5 is not possible (give a number from 0 to 1)", text);
}

TEST(Fusion, AMethodWithoutParametersSaysSo) {
  expect_in("fusion.weight: unknown parameter of weighted-mean (weighted-mean has no parameters)",
            parameter_complaint("weighted-mean", {{"weight", 1.0}}));
}

TEST(Fusion, ParametersThatDoNotGoTogetherAreRefusedWhenTheRuleIsMade) {
  expect_in("della.epsilon: entries would be kept with probabilities from 0.5 to 1.25",
            parameter_complaint("della", {{"density", 0.875}, {"epsilon", 0.375}}));
  expect_in("della.epsilon: entries would be kept with probabilities from -0.25 to 0.5",
            parameter_complaint("della", {{"density", 0.125}, {"epsilon", 0.375}}));
}

TEST(Fusion, OfTooFewOrTooManyAdaptersIsRefused) {
  expect_in("slerp: 3 adapters to fuse (give it two, or use karcher", complaint(random_contributions(3, 78), "slerp"));
  expect_in("krum.byzantine: 4 adapters to fuse, and 5 are needed", complaint(random_contributions(4, 78), "krum"));
  EXPECT_EQ(complaint(random_contributions(5, 78), "krum"), "");
}

TEST(Fusion, AnUnknownRuleIsAnsweredWithTheNearest) {
  expect_in("unknown fusion rule \"tie\" (did you mean \"ties\"?", parameter_complaint("tie", {}));
}

TEST(Fusion, EveryMethodIsDocumented) {
  const auto rules = fusion_rules();
  for (const auto& method : rules.methods()) {
    EXPECT_GT(method.summary.size(), 10U) << method.name;
    for (const auto& parameter : method.parameters)
      EXPECT_FALSE(parameter.meaning.empty()) << parameter.name;
  }
  const auto resolvers = conflict_resolvers();
  for (const auto& method : resolvers.methods())
    for (const auto& parameter : method.parameters)
      EXPECT_FALSE(parameter.meaning.empty()) << parameter.name;
}

}  // namespace
}  // namespace edgefuse::server
