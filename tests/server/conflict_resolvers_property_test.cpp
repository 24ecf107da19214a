#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "sim/error.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/resolving.hpp"

namespace edgefuse::server {
namespace {

using testing::dense_copies;
using testing::distance;
using testing::entries_of;
using testing::of_changes;
using testing::random_contributions;
using testing::resolved_parts;
using testing::Resolving;
using testing::same_bits;

/// Every registered resolver, with its defaults and with other parameters.
const std::vector<Resolving> all_resolvers = {
    {"none"},
    {"cr-sign"},
    {"cr-sign", {{"q", 0.3}, {"t", 0.2}, {"beta", 0.6}, {"rescale", true}}},
    {"cr-drop"},
    {"cr-drop", {{"q", 0.3}, {"t", 0.2}}},
    {"cr-max"},
    {"cr-max", {{"q", 0.3}, {"t", 0.2}}},
    {"cr-soft"},
    {"cr-soft", {{"q", 0.3}, {"beta", 0.6}}},
    {"cr-disjoint"},
    {"cr-disjoint", {{"n", 2.0}, {"m", 7.0}}},
    {"cr-proj"},
    {"cr-proj", {{"order", std::string{"index"}}}},
    {"cr-module"},
    {"cr-module", {{"threshold", 0.1}, {"mode", std::string{"shrink"}}}},
    {"cr-msu"},
    {"cr-msu", {{"threshold", 0.0}, {"mode", std::string{"shrink"}}}},
    {"cr-core"},
    {"cr-core", {{"q", 0.3}, {"t", 0.2}, {"beta", 0.6}, {"rescale", true}}},
};

/// Defined on factors only.
bool takes_dense(const Resolving& how) {
  return how.name != "cr-msu" && how.name != "cr-core";
}

std::string told(const Resolving& how) {
  return how.name + (how.parameters.empty() ? "" : " with parameters");
}

llm::ModelDelta changes_of(const testing::PartsByModule& modules, std::size_t place) {
  llm::ModelDelta changes;
  for (const auto& [id, parts] : modules)
    if (place < parts.size()) changes.emplace(id, parts[place].delta);
  return changes;
}

void expect_same_bits(const testing::PartsByModule& x, const testing::PartsByModule& y, const std::string& why) {
  ASSERT_EQ(x.size(), y.size()) << why;
  for (const auto& [id, parts] : x)
    ASSERT_EQ(parts.size(), y.at(id).size()) << why << ", " << id.name();
  for (std::size_t place = 0; place < 10; ++place)
    EXPECT_TRUE(same_bits(changes_of(x, place), changes_of(y, place))) << why << ", part " << place;
}

TEST(ConflictResolvers, AreAllInTheseTests) {
  std::set<std::string> tested;
  for (const auto& how : all_resolvers)
    tested.insert(how.name);
  const auto resolvers = conflict_resolvers();
  for (const auto& method : resolvers.methods())
    EXPECT_TRUE(tested.contains(method.name)) << method.name << " has no property tests";
}

TEST(ConflictResolvers, ChangeNothingButTheChange) {
  auto contributions = random_contributions(6, 301);
  for (auto& c : contributions) {
    c.scale = 0.5 + c.client;
    c.coverage[testing::q0].rows = Kept::first(20 - c.client);
  }
  for (const auto& how : all_resolvers) {
    const auto before = testing::parts_of(source_of(contributions));
    for (const auto& [id, parts] : resolved_parts(contributions, how)) {
      ASSERT_EQ(parts.size(), before.at(id).size()) << told(how);
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& part = parts[i];
        const auto& given = before.at(id)[i];
        EXPECT_EQ(part.index, given.index) << told(how);
        EXPECT_EQ(part.client, given.client) << told(how);
        EXPECT_EQ(part.weight, given.weight) << told(how);
        EXPECT_EQ(part.scale, given.scale) << told(how);
        EXPECT_EQ(part.coverage, given.coverage) << told(how);
        EXPECT_EQ(llm::dense(part.delta).sizes(), llm::dense(given.delta).sizes()) << told(how);
        EXPECT_EQ(llm::dense(part.delta).scalar_type(), at::kFloat) << told(how);
      }
    }
  }
}

TEST(ConflictResolvers, WriteIntoNobodysInput) {
  const auto low = random_contributions(5, 302);
  auto low_before = low;
  for (auto& c : low_before) {
    for (auto& [id, delta] : c.delta) {
      auto& factors = std::get<llm::LowRank>(delta);
      factors = {.a = factors.a.clone(), .b = factors.b.clone()};
    }
  }
  const auto dense = dense_copies(low);
  const auto dense_before = dense_copies(low);
  for (const auto& how : all_resolvers) {
    (void)resolved_parts(low, how);
    if (takes_dense(how)) (void)resolved_parts(dense, how);
    for (std::size_t i = 0; i < low.size(); ++i) {
      EXPECT_TRUE(same_bits(low[i].delta, low_before[i].delta)) << told(how) << ", factors of client " << i;
      EXPECT_TRUE(same_bits(dense[i].delta, dense_before[i].delta)) << told(how) << ", matrices of client " << i;
    }
  }
}

TEST(ConflictResolvers, ThatNeedFactorsSayWhatToDoAboutADenseChange) {
  auto contributions = random_contributions(3, 315);
  auto& delta = contributions[1].delta.at(testing::down0);
  delta = llm::Dense{llm::dense(delta)};
  for (const auto& how : all_resolvers) {
    if (takes_dense(how)) continue;
    try {
      (void)resolved_parts(contributions, how);
      ADD_FAILURE() << told(how) << " took it";
    } catch (const InputError& error) {
      EXPECT_EQ(std::string{error.what()},
                "adapter of client 1: model.layers.0.mlp.down_proj is dense, and " + how.name +
                    " needs its factors (use conflict \"cr-proj\" or \"cr-module\", which take dense changes too)");
    }
  }
}

TEST(ConflictResolvers, LeaveAChangeAloneThatIsAlone) {
  const auto one = random_contributions(1, 303);
  for (const auto& how : all_resolvers) {
    expect_same_bits(resolved_parts(one, how), testing::parts_of(source_of(one)), told(how));
    if (takes_dense(how))
      expect_same_bits(resolved_parts(dense_copies(one), how), testing::parts_of(source_of(dense_copies(one))),
                       told(how) + ", dense");
  }
}

/// Positive multiples of one matrix without a negative entry, as factors without one.
std::vector<Contribution> unanimous() {
  sim::Draws draws{{.seed = 304, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(8, 13, 2, draws);
  std::vector<llm::ModuleDelta> changes;
  for (const auto factor : {1.0, 0.25, 3.0, 1.5})
    changes.emplace_back(llm::LowRank{.a = one.a.abs(), .b = one.b.abs() * factor});
  return of_changes(changes);
}

TEST(ConflictResolvers, LeaveUnanimityAlone) {
  const auto given = testing::parts_of(source_of(unanimous()));
  for (const auto& how : all_resolvers) {
    if (how.name == "cr-disjoint") continue;  // its masks are there whether signs agree or not
    const auto parts = resolved_parts(unanimous(), how).at(testing::q0);
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_TRUE(at::equal(llm::dense(parts[i].delta), llm::dense(given.at(testing::q0)[i].delta)))
          << told(how) << ", change " << i;
  }
}

TEST(ConflictResolvers, WithABetaOfZeroAreTheIdentity) {
  const auto contributions = random_contributions(5, 305);
  const auto resolvers = conflict_resolvers();
  int with_beta = 0;
  for (const auto& method : resolvers.methods()) {
    if (std::ranges::none_of(method.parameters, [](const auto& p) { return p.name == "beta"; })) continue;
    const Resolving how{method.name, {{"beta", 0.0}}};
    EXPECT_TRUE(conflict_resolvers().make(how.name, how.parameters)->keeps_low_rank()) << how.name;
    expect_same_bits(resolved_parts(contributions, how), testing::parts_of(source_of(contributions)), how.name);
    ++with_beta;
  }
  EXPECT_GE(with_beta, 2);
}

TEST(ConflictResolvers, NeverSeeTheOrderOfContributions) {
  sim::Draws draws{{.seed = 306, .domain = sim::Domain::test}};
  for (const auto& how : all_resolvers) {
    auto contributions = random_contributions(7, 307);
    const auto wanted = resolved_parts(contributions, how, {.seed = 5, .round = 2});
    for (int i = 0; i < 4; ++i) {
      draws.shuffle(contributions);
      expect_same_bits(resolved_parts(contributions, how, {.seed = 5, .round = 2}), wanted, told(how));
    }
  }
}

TEST(ConflictResolvers, SayTruthfullyWhetherLowRankStays) {
  const auto contributions = random_contributions(9, 308);
  for (const auto& how : all_resolvers) {
    const bool promised = conflict_resolvers().make(how.name, how.parameters)->keeps_low_rank();
    bool kept = true;
    for (const auto& [id, parts] : resolved_parts(contributions, how))
      for (const auto& part : parts)
        kept = kept && std::holds_alternative<llm::LowRank>(part.delta);
    EXPECT_EQ(kept, promised) << told(how);
  }
}

TEST(ConflictResolvers, ThatKeepLowRankCanStandBeforeARuleOnFactors) {
  const auto contributions = random_contributions(6, 316);
  for (const auto& how : all_resolvers) {
    const auto resolver = conflict_resolvers().make(how.name, how.parameters);
    if (!resolver->keeps_low_rank()) {
      EXPECT_THROW(check_compatible(*resolver, *fusion_rules().make("stack")), InputError) << told(how);
      continue;
    }
    const auto stacked = fuse(contributions, *resolver, *fusion_rules().make("stack"));
    for (const auto& [id, delta] : fuse(contributions, *resolver, *fusion_rules().make("weighted-mean"))) {
      EXPECT_TRUE(std::holds_alternative<llm::LowRank>(stacked.at(id))) << told(how) << ", " << id.name();
      EXPECT_LT(distance(llm::dense(stacked.at(id)), llm::dense(delta)), 1e-5) << told(how) << ", " << id.name();
    }
  }
}

TEST(ConflictResolvers, GiveTheSameForDenseAndForLowRank) {
  const auto contributions = random_contributions(5, 309);
  for (const auto& how : all_resolvers) {
    if (!takes_dense(how)) continue;
    const auto low = resolved_parts(contributions, how);
    for (const auto& [id, parts] : resolved_parts(dense_copies(contributions), how))
      for (std::size_t i = 0; i < parts.size(); ++i)
        EXPECT_LT(distance(llm::dense(parts[i].delta), llm::dense(low.at(id)[i].delta)), 2e-5)
            << told(how) << ", " << id.name() << ", change " << i;
  }
}

TEST(ConflictResolvers, TakeAnAdapterOfNegativeWeightForItsOpposite) {
  const auto contributions = random_contributions(5, 310);
  auto turned = contributions;
  turned[1].weight = -turned[1].weight;
  for (auto& [id, delta] : turned[1].delta)
    std::get<llm::LowRank>(delta).b = -std::get<llm::LowRank>(delta).b;
  for (const auto& how : all_resolvers) {
    const auto wanted = resolved_parts(contributions, how);
    for (const auto& [id, parts] : resolved_parts(turned, how)) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto change = llm::dense(parts[i].delta);
        EXPECT_LT(distance(parts[i].index == 1 ? -change : change, llm::dense(wanted.at(id)[i].delta)), 1e-5)
            << told(how) << ", " << id.name() << ", change " << i;
      }
    }
  }
}

TEST(ConflictResolvers, GiveWeightZeroNoSay) {
  const auto contributions = random_contributions(4, 311);
  auto with_idle = contributions;
  with_idle.push_back(random_contributions(9, 312).back());
  with_idle.back().weight = 0;
  for (const auto& how : all_resolvers) {
    if (how.name == "cr-disjoint") continue;  // takes no weights
    const auto wanted = resolved_parts(contributions, how);
    for (const auto& [id, parts] : resolved_parts(with_idle, how)) {
      for (std::size_t i = 0; i < wanted.at(id).size(); ++i)
        EXPECT_TRUE(same_bits({{id, parts[i].delta}}, {{id, wanted.at(id)[i].delta}}))
            << told(how) << ", " << id.name() << ", change " << i;
    }
  }
}

/// Sets of changes of one module in which something cannot be divided by.
std::vector<std::pair<std::string, std::vector<Contribution>>> awkward() {
  sim::Draws draws{{.seed = 313, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(5, 8, 2, draws);
  const auto other = testing::random_low_rank(5, 8, 3, draws);
  const llm::LowRank opposite{.a = one.a, .b = -one.b};
  const llm::LowRank untrained{.a = one.a, .b = at::zeros({5, 2})};
  const llm::LowRank rankless{.a = at::zeros({0, 8}), .b = at::zeros({5, 0})};
  const llm::LowRank cancelled{.a = at::cat({one.a, one.a}), .b = at::cat({one.b, -one.b}, 1)};
  const llm::LowRank huge{.a = other.a * 1e17, .b = other.b * 1e17};
  const llm::LowRank tiny{.a = other.a * 1e-18, .b = other.b * 1e-18};
  const auto idle = [](std::vector<Contribution> contributions) {
    contributions.front().weight = 0;
    return contributions;
  };
  return {{"opposites", of_changes({one, opposite})},
          {"equals", of_changes({one, one, one})},
          {"one and nothing", of_changes({one, untrained})},
          {"nothing at all", of_changes({untrained, untrained, untrained})},
          {"rank zero", of_changes({rankless, one, rankless})},
          {"rank zero only", of_changes({rankless, rankless})},
          {"factors that cancel", of_changes({cancelled, one, opposite, cancelled})},
          {"huge and tiny", of_changes({huge, tiny, one, {llm::LowRank{.a = huge.a, .b = -huge.b}}})},
          {"one has a say", idle(of_changes({opposite, one}))}};
}

TEST(ConflictResolvers, NeverMakeANumberThatIsNotFinite) {
  for (const auto& how : all_resolvers) {
    for (const auto& [name, contributions] : awkward()) {
      for (const bool dense : {false, true}) {
        if (dense && !takes_dense(how)) continue;
        const auto modules = resolved_parts(dense ? dense_copies(contributions) : contributions, how);
        for (const auto& part : modules.at(testing::q0))
          EXPECT_TRUE(at::isfinite(llm::dense(part.delta)).all().item<bool>())
              << told(how) << " of " << name << (dense ? ", dense" : "") << ", change " << part.index;
      }
    }
  }
}

TEST(ConflictResolvers, NeverGetToPassNanOn) {
  auto contributions = random_contributions(4, 314);
  std::get<llm::LowRank>(contributions[2].delta.at(testing::q0)).b[3][1] = std::numeric_limits<float>::quiet_NaN();
  for (const auto& how : all_resolvers) {
    const auto resolver = conflict_resolvers().make(how.name, how.parameters);
    EXPECT_THROW((void)fuse(contributions, *resolver, *fusion_rules().make("weighted-mean")), InputError) << told(how);
  }
}

}  // namespace
}  // namespace edgefuse::server
