#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/draws.hpp"
#include "tests/server/naive.hpp"

namespace edgefuse::server {
namespace {

using testing::changes_of;
using testing::expect_near;
using testing::floor_of;
using testing::fused_by;
using testing::Numbers;
using testing::only_places;
using testing::random_contributions;

constexpr double tolerance = 1e-5;
constexpr FusionSeed seed{.seed = 17, .round = 5};
const std::vector<llm::ModuleId> modules = {testing::q0, testing::down0, testing::gate1};

Parameters in_scope(const std::string& scope, Parameters parameters) {
  parameters["scope"] = scope;
  return parameters;
}

/// γ = sign Σ w x, + in a tie; λ Σ w x / Σ w over those of sign γ.
Numbers weighted_election(const std::vector<Numbers>& changes, const Numbers& weights, double lambda) {
  Numbers result;
  for (std::size_t e = 0; e < changes.front().size(); ++e) {
    double total = 0;
    for (std::size_t i = 0; i < changes.size(); ++i)
      total += weights[i] * changes[i][e];
    double sum = 0;
    double weight = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const double x = changes[i][e];
      if (x == 0 || (x > 0) != (total >= 0)) continue;
      sum += weights[i] * x;
      weight += weights[i];
    }
    result.push_back(weight > 0 ? lambda * sum / weight : 0);
  }
  return result;
}

Numbers weights_of_all(const std::vector<Contribution>& contributions) {
  Numbers weights;
  for (const auto& c : contributions)
    weights.push_back(c.weight);
  return weights;
}

TEST(TiesWeighted, TrimsEachModuleThenElectsAndAveragesWithWeights) {
  const auto contributions = random_contributions(5, 201);
  const auto fused = fused_by("ties-weighted", in_scope("tensor", {{"density", 0.35}, {"lambda", 0.7}}), contributions);
  for (const auto id : modules) {
    auto changes = changes_of(contributions, id);
    for (auto& change : changes)
      change = only_places(change, 0, floor_of(0.35, change.size()));
    expect_near(fused.at(id), weighted_election(changes, weights_of_all(contributions), 0.7), tolerance, id.name());
  }
}

TEST(TiesWeighted, OfScopeModelTrimsOverAllModulesEndToEnd) {
  const auto contributions = random_contributions(5, 202);
  std::vector<Numbers> whole(contributions.size());
  for (const auto id : modules) {
    const auto changes = changes_of(contributions, id);
    for (std::size_t i = 0; i < changes.size(); ++i)
      whole[i].insert(whole[i].end(), changes[i].begin(), changes[i].end());
  }
  for (auto& change : whole)
    change = only_places(change, 0, floor_of(0.2, change.size()));
  const auto wanted = weighted_election(whole, weights_of_all(contributions), 1);

  const auto fused = fused_by("ties-weighted", in_scope("model", {}), contributions);
  auto begin = wanted.begin();
  for (const auto id : modules) {
    const auto end = begin + static_cast<std::ptrdiff_t>(changes_of(contributions, id).front().size());
    expect_near(fused.at(id), Numbers(begin, end), tolerance, id.name());
    begin = end;
  }
}

TEST(TiesWeighted, LetsTheHeavierOneWinAndAnExactTieBePositive) {
  const auto first = at::tensor({1.0, -2.0, 3.0}).reshape({1, 3});
  const auto second = at::tensor({-2.0, 1.0, 0.0}).reshape({1, 3});
  const auto fused = fused_by("ties-weighted", {{"density", 1.0}}, testing::by_hand({first, second}, {2, 1}));
  expect_near(fused.at(testing::q0), {1, -2, 3}, 1e-7, "weights 2 and 1: 2·1 - 1·2 is a tie, 2·(-2) + 1 is negative");
  const auto other = fused_by("ties-weighted", {{"density", 1.0}}, testing::by_hand({first, second}, {1, 3}));
  expect_near(other.at(testing::q0), {-2, 1, 3}, 1e-7, "weights 1 and 3");
}

/// D̃ of every contribution with masks drawn as dare.hpp says.
std::vector<Numbers> dropped(const std::vector<Contribution>& contributions, llm::ModuleId id, double p) {
  auto changes = changes_of(contributions, id);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto own = draws(seed, sim::Domain::fusion_mask, id, contributions[i].client);
    for (auto& x : changes[i])
      x = own.uniform() >= p ? x / (1 - p) : 0;
  }
  return changes;
}

TEST(DareLinear, IsLambdaTimesTheSumOfWhatTheDrawsLeave) {
  const auto contributions = random_contributions(4, 203);
  const auto fused = fused_by("dare-linear", {{"p", 0.7}, {"lambda", 0.3}}, contributions, seed);
  for (const auto id : modules) {
    const auto changes = dropped(contributions, id, 0.7);
    Numbers wanted(changes.front().size(), 0.0);
    for (const auto& change : changes)
      for (std::size_t e = 0; e < wanted.size(); ++e)
        wanted[e] += 0.3 * change[e];
    expect_near(fused.at(id), wanted, tolerance, id.name());
  }
}

TEST(DareTies, IsTheElectionOverWhatTheDrawsLeave) {
  const auto contributions = random_contributions(4, 204);
  for (const auto* scope : {"tensor", "model"}) {
    const auto fused = fused_by("dare-ties", in_scope(scope, {{"p", 0.5}, {"lambda", 0.8}}), contributions, seed);
    for (const auto id : modules)
      expect_near(fused.at(id), weighted_election(dropped(contributions, id, 0.5), Numbers(4, 1.0), 0.8), tolerance,
                  id.name() + ", scope " + scope);
  }
}

TEST(DareLinear, DrawsAnewInEachRoundAndNotForWhoElseTakesPart) {
  const auto alone = random_contributions(1, 205);
  const auto mask = [&](const FusionSeed& drawn) {
    return llm::dense(fused_by("dare-linear", {}, alone, drawn).at(testing::q0)) != 0;
  };
  EXPECT_FALSE(at::equal(mask({.seed = 1, .round = 1}), mask({.seed = 1, .round = 2})));
  EXPECT_FALSE(at::equal(mask({.seed = 1, .round = 1}), mask({.seed = 2, .round = 1})));
  auto two = alone;
  two.push_back({.client = 9, .weight = 1, .delta = {{testing::q0, llm::Dense{at::zeros({21, 34})}}}});
  EXPECT_TRUE(at::equal(llm::dense(fused_by("dare-linear", {}, two, seed).at(testing::q0)),
                        llm::dense(fused_by("dare-linear", {}, alone, seed).at(testing::q0))));
}

TEST(DareLinear, KeepsTheMeanOfAChange) {
  const auto ones = testing::by_hand({at::ones({300, 401})}, {1});
  const auto fused = fused_by("dare-linear", {{"p", 0.9}, {"lambda", 1.0}}, ones, seed);
  const auto mean = llm::dense(fused.at(testing::q0)).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(mean, 1, 5 * std::sqrt(0.9 / 0.1 / (300 * 401))) << "five standard deviations";
}

TEST(Della, KeepsTheLargeRatherThanTheSmallAndRescalesEachByItsOwnChance) {
  const auto contributions = random_contributions(4, 206);
  const double density = 0.6;
  const double epsilon = 0.2;
  const auto fused =
      fused_by("della", {{"density", density}, {"epsilon", epsilon}, {"lambda", 1.1}}, contributions, seed);
  for (const auto id : modules) {
    auto changes = changes_of(contributions, id);
    const auto in = id == testing::down0 ? 55U : 34U;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      Numbers chance(changes[i].size());
      for (std::size_t begin = 0; begin < chance.size(); begin += in) {
        const auto at = changes[i].begin() + static_cast<std::ptrdiff_t>(begin);
        const auto order = testing::by_magnitude(Numbers(at, at + in));
        for (std::size_t place = 0; place < in; ++place)
          chance[begin + order[place]] =
              density - epsilon + 2 * epsilon * static_cast<double>(in - 1 - place) / static_cast<double>(in - 1);
      }
      auto own = draws(seed, sim::Domain::fusion_mask, id, contributions[i].client);
      for (std::size_t e = 0; e < chance.size(); ++e)
        changes[i][e] = own.uniform() >= 1 - chance[e] ? changes[i][e] / chance[e] : 0;
    }
    expect_near(fused.at(id), weighted_election(changes, weights_of_all(contributions), 1.1), tolerance, id.name());
  }
}

TEST(Della, OfRowsWithOneEntryKeepsThemWithTheDensity) {
  const auto ones = testing::by_hand({at::ones({20'000, 1})}, {1});
  const auto fused = llm::dense(fused_by("della", {{"density", 0.5}, {"epsilon", 0.3}}, ones, seed).at(testing::q0));
  EXPECT_TRUE(((fused == 0) | (fused == 2)).all().item<bool>());
  EXPECT_NEAR((fused != 0).to(at::kDouble).mean().item<double>(), 0.5, 5 * std::sqrt(0.25 / 20'000));
}

TEST(DareAndWeightedTies, OfOneAdapterAreThatAdapterInOtherSpacesTooWhereNothingIsDropped) {
  const auto alone = random_contributions(1, 209);
  const std::map<std::string, Parameters> rules = {{"core-dare-linear", {{"p", 0.0}, {"lambda", 1.0}}},
                                                   {"core-dare-ties", {{"p", 0.0}}},
                                                   {"core-ties-weighted", {{"density", 1.0}}},
                                                   {"knots-dare-linear", {{"p", 0.0}, {"scale", 1.0}}},
                                                   {"knots-dare-ties", in_scope("model", {{"p", 0.0}})},
                                                   {"knots-ties-weighted", in_scope("model", {{"density", 1.0}})}};
  for (const auto& [rule, parameters] : rules) {
    const auto fused = fused_by(rule, parameters, alone, seed);
    for (const auto id : modules)
      expect_near(fused.at(id), changes_of(alone, id).front(), tolerance, rule + ", " + id.name());
  }
}

TEST(Breadcrumbs, DropTheOutliersAndTheRestOfEachRowOrModule) {
  const auto contributions = random_contributions(5, 207);
  for (const std::string scope : {"row", "tensor"}) {
    const auto fused =
        fused_by("breadcrumbs", in_scope(scope, {{"keep", 0.25}, {"gamma", 0.07}, {"alpha", 0.6}}), contributions);
    for (const auto id : modules) {
      const auto changes = changes_of(contributions, id);
      const auto size = changes.front().size();
      const std::size_t length = scope == "tensor" ? size : id == testing::down0 ? 55 : 34;
      Numbers wanted(size, 0.0);
      for (const auto& change : changes) {
        for (std::size_t begin = 0; begin < size; begin += length) {
          const auto at = change.begin() + static_cast<std::ptrdiff_t>(begin);
          const auto outliers = floor_of(0.07, length);
          const auto left = only_places(Numbers(at, at + static_cast<std::ptrdiff_t>(length)), outliers,
                                        outliers + floor_of(0.25, length));
          for (std::size_t e = 0; e < length; ++e)
            wanted[begin + e] += 0.6 * left[e];
        }
      }
      expect_near(fused.at(id), wanted, tolerance, id.name() + ", scope " + scope);
    }
  }
}

TEST(Breadcrumbs, OfEqualsDropAndKeepTheEarlierOnesFirst) {
  const auto row = testing::by_hand({at::tensor({1.0, -1.0, 1.0, 0.5, 1.0}).reshape({1, 5})}, {1});
  const auto fused = fused_by("breadcrumbs", {{"keep", 0.4}, {"gamma", 0.2}, {"alpha", 1.0}}, row);
  expect_near(fused.at(testing::q0), {0, -1, 1, 0, 0}, 0, "one of five dropped, two kept");
}

TEST(Cabs, LetsEachTakeTheLargestThatThoseBeforeItLeft) {
  const auto contributions = random_contributions(6, 208);
  const std::size_t n = 3;
  const std::size_t m = 11;
  const auto fused = fused_by("cabs", {{"n", 3.0}, {"m", 11.0}, {"lambda", 0.5}}, contributions);
  for (const auto id : modules) {
    const auto changes = changes_of(contributions, id);
    const auto size = changes.front().size();
    Numbers wanted(size, 0.0);
    std::vector<bool> taken(size, false);
    for (const auto& change : changes) {
      for (std::size_t begin = 0; begin < size; begin += m) {
        const auto length = std::min(m, size - begin);
        for (std::size_t place = 0; place < (n * length + m - 1) / m; ++place) {
          auto best = size;
          for (std::size_t e = begin; e < begin + length; ++e)
            if (!taken[e] && change[e] != 0 && (best == size || std::abs(change[e]) > std::abs(change[best]))) best = e;
          if (best == size) break;
          taken[best] = true;
          wanted[best] = 0.5 * change[best];
        }
      }
    }
    expect_near(fused.at(id), wanted, tolerance, id.name());
  }
}

TEST(Cabs, OfAnAdapterThatComesTooLateNothingIsLeft) {
  const auto small = at::full({2, 4}, 0.125);
  const auto large = at::full({2, 4}, 8.0);
  const auto fused = fused_by("cabs", {{"n", 2.0}, {"m", 4.0}}, testing::by_hand({small, -small, large}, {1, 1, 1}));
  expect_near(fused.at(testing::q0), {.125, .125, -.125, -.125, .125, .125, -.125, -.125}, 0,
              "2 of 4 for each of three");
}

}  // namespace
}  // namespace edgefuse::server
