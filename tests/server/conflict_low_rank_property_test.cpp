#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/fusion/gram.hpp"
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

using Entries = std::vector<double>;

double inner(const Entries& x, const Entries& y) {
  double sum = 0;
  for (std::size_t e = 0; e < x.size(); ++e)
    sum += x[e] * y[e];
  return sum;
}

double cosine(const Entries& x, const Entries& y) {
  return inner(x, y) / std::sqrt(inner(x, x) * inner(y, y));
}

void expect_near(const Entries& found, const Entries& wanted, double tolerance, const std::string& why) {
  ASSERT_EQ(found.size(), wanted.size()) << why;
  for (std::size_t e = 0; e < wanted.size(); ++e)
    ASSERT_NEAR(found[e], wanted[e], tolerance) << why << ", entry " << e;
}

/// Random changes with something in common, of either sign, so that some are clearly opposed.
std::vector<Contribution> opposed_contributions(std::uint32_t count, std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  auto contributions = random_contributions(count, seed);
  for (const auto id : {testing::q0, testing::down0, testing::gate1}) {
    const auto& first = std::get<llm::LowRank>(contributions.front().delta.at(id));
    const auto a = first.a.clone();
    const auto b = first.b.clone();
    for (auto& c : contributions) {
      const auto it = c.delta.find(id);
      if (it == c.delta.end()) continue;
      auto& low = std::get<llm::LowRank>(it->second);
      const double side = c.client % 2 == 0 ? 1 : -1;
      low = {.a = at::cat({low.a, a + 0.3 * testing::random_tensor({1, a.size(1)}, draws)}),
             .b = at::cat({low.b, side * (b + 0.3 * testing::random_tensor({b.size(0), 1}, draws))}, 1)};
    }
  }
  return contributions;
}

TEST(Gram, HoldsTheInnerProductsOfFactorsAndOfMatrices) {
  const auto low = random_contributions(5, 351);
  auto mixed = low;
  mixed[3].delta[testing::q0] = llm::Dense{llm::dense(low[3].delta.at(testing::q0))};
  for (const auto& contributions : {low, dense_copies(low), mixed}) {
    const auto parts = source_of(contributions).parts(testing::q0);
    const auto entries = entries_of(source_of(low).parts(testing::q0));
    const Gram gram{parts};
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(gram.norm(i), std::sqrt(inner(entries[i], entries[i])), 1e-5 * gram.norm(i));
      for (std::size_t j = 0; j < 5; ++j) {
        EXPECT_NEAR(gram(i, j), inner(entries[i], entries[j]), 1e-6 * gram.norm(i) * gram.norm(j)) << i << ", " << j;
        EXPECT_NEAR(gram.cosine(i, j), cosine(entries[i], entries[j]), 1e-6) << i << ", " << j;
        EXPECT_EQ(gram(i, j), gram(j, i));
      }
    }
  }
}

TEST(Gram, GoesThroughLargeMatricesSomeRowsAtATime) {
  const auto rows = at::ones({3, 600000});
  const Gram gram{source_of(of_changes({llm::Dense{rows}, llm::Dense{-2 * rows}})).parts(testing::q0)};
  EXPECT_EQ(gram(0, 1), -2.0 * 3 * 600000);
  EXPECT_EQ(gram.norm(1), 2 * std::sqrt(3 * 600000.0));
}

TEST(Gram, TakesFactorsThatCancelForZero) {
  sim::Draws draws{{.seed = 352, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(8, 13, 3, draws);
  const llm::LowRank nothing{.a = at::cat({one.a, one.a}), .b = at::cat({one.b, -one.b}, 1)};
  const Gram gram{source_of(of_changes({nothing, one})).parts(testing::q0)};
  EXPECT_EQ(gram.norm(0), 0);
  EXPECT_EQ(gram.cosine(0, 1), 0);
  EXPECT_EQ(gram.cosine(0, 0), 0);
}

/// PCGrad on whole vectors.
std::vector<Entries> projected(const std::vector<Entries>& given, const std::vector<std::vector<std::size_t>>& orders) {
  auto changes = given;
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (const auto j : orders[i]) {
      const double product = inner(changes[i], given[j]);
      if (product >= 0) continue;
      for (std::size_t e = 0; e < given[i].size(); ++e)
        changes[i][e] -= product / inner(given[j], given[j]) * given[j][e];
    }
  }
  return changes;
}

TEST(CrProj, ProjectsEachChangeOffThoseItOpposes) {
  const auto low = opposed_contributions(6, 353);
  for (const auto& contributions : {low, dense_copies(low)}) {
    for (const std::string order : {"random", "index"}) {
      const FusionSeed seed{.seed = 9, .round = 3};
      const auto source = source_of(contributions);
      const auto resolved = resolved_parts(contributions, {"cr-proj", {{"order", order}}}, seed);
      for (const auto& [id, shape] : source.shapes) {
        const auto given = source.parts(id);
        std::vector<std::vector<std::size_t>> orders(given.size());
        for (std::size_t i = 0; i < given.size(); ++i) {
          for (std::size_t j = 0; j < given.size(); ++j)
            if (j != i) orders[i].push_back(j);
          if (order == "random") draws(seed, sim::Domain::conflict_order, id, given[i].client).shuffle(orders[i]);
        }
        const auto wanted = projected(entries_of(given), orders);
        const auto found = entries_of(resolved.at(id));
        for (std::size_t i = 0; i < given.size(); ++i)
          expect_near(found[i], wanted[i], 1e-5, order + ", " + id.name() + ", change " + std::to_string(i));
      }
    }
  }
}

TEST(CrProj, MakesTwoOpposedChangesOrthogonalToEachOther) {
  const auto contributions = opposed_contributions(2, 354);
  const auto given = entries_of(source_of(contributions).parts(testing::q0));
  const auto found = entries_of(resolved_parts(contributions, {"cr-proj"}).at(testing::q0));
  ASSERT_LT(cosine(given[0], given[1]), -0.1) << "they should be opposed to begin with";
  EXPECT_NEAR(cosine(found[0], given[1]), 0, 1e-6);
  EXPECT_NEAR(cosine(found[1], given[0]), 0, 1e-6);
}

TEST(CrProj, DrawsAnOrderFromTheSeedUnlessAskedNotTo) {
  const auto contributions = opposed_contributions(7, 355);
  const auto change = [&](const char* order, std::uint64_t seed) {
    const auto parts = resolved_parts(contributions, {"cr-proj", {{"order", std::string{order}}}}, {.seed = seed});
    return llm::dense(parts.at(testing::down0)[3].delta);
  };
  EXPECT_TRUE(at::equal(change("random", 1), change("random", 1)));
  EXPECT_GT(distance(change("random", 1), change("random", 2)), 1e-4);
  EXPECT_TRUE(at::equal(change("index", 1), change("index", 2)));
}

TEST(CrProj, KeepsFactorsOfTheSumOfTheRanksAtMost) {
  const auto contributions = opposed_contributions(6, 356);
  std::int64_t ranks = 0;
  for (const auto& c : contributions)
    ranks += std::get<llm::LowRank>(c.delta.at(testing::q0)).a.size(0);
  const auto parts = resolved_parts(contributions, {"cr-proj"}).at(testing::q0);
  for (const auto& part : parts)
    EXPECT_LE(std::get<llm::LowRank>(part.delta).a.size(0), ranks);
}

TEST(CrModule, DropsOrShrinksWhatIsOpposedOnAverage) {
  const auto low = opposed_contributions(5, 357);
  for (const auto& contributions : {low, dense_copies(low)}) {
    for (const double threshold : {0.0, -0.15, 0.2}) {
      for (const std::string mode : {"drop", "shrink"}) {
        const auto source = source_of(contributions);
        const auto resolved = resolved_parts(contributions, {"cr-module", {{"threshold", threshold}, {"mode", mode}}});
        int judged = 0;
        for (const auto& [id, shape] : source.shapes) {
          const auto given = entries_of(source.parts(id));
          const auto found = entries_of(resolved.at(id));
          for (std::size_t i = 0; i < given.size(); ++i) {
            double mean = 0;
            for (std::size_t j = 0; j < given.size(); ++j)
              if (j != i) mean += cosine(given[i], given[j]) / static_cast<double>(given.size() - 1);
            auto wanted = given[i];
            if (mean < threshold) {
              ++judged;
              for (auto& x : wanted)
                x *= mode == "drop" ? 0 : std::min(1.0, std::max(0.0, 1 + mean));
            }
            expect_near(found[i], wanted, 1e-5, mode + ", " + id.name() + ", change " + std::to_string(i));
          }
        }
        EXPECT_GT(judged, 0) << "threshold " << threshold << " tests nothing";
      }
    }
  }
}

TEST(CrModule, KeepsFormAndRank) {
  const auto contributions = opposed_contributions(5, 358);
  for (const auto& [id, parts] : resolved_parts(contributions, {"cr-module", {{"threshold", 1.0}}}))
    for (const auto& part : parts)
      EXPECT_EQ(std::get<llm::LowRank>(part.delta).b.sizes(),
                std::get<llm::LowRank>(contributions[part.index].delta.at(id)).b.sizes());
}

TEST(CrModule, DoesNotCountThoseThatChangeNothing) {
  sim::Draws draws{{.seed = 359, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(5, 8, 2, draws);
  const llm::LowRank nothing{.a = one.a, .b = at::zeros({5, 2})};
  const auto two = of_changes({one, nothing, nothing, llm::LowRank{.a = one.a, .b = -0.5 * one.b}});
  const auto parts = resolved_parts(two, {"cr-module", {{"threshold", -0.9}}}).at(testing::q0);
  EXPECT_TRUE(at::equal(llm::dense(parts[0].delta), at::zeros({5, 8}))) << "mean cosine -1, not -1/3";
  EXPECT_TRUE(at::equal(llm::dense(parts[3].delta), at::zeros({5, 8}))) << "mean cosine -1, not -1/3";
}

/// One rank-one unit of one change.
struct Unit {
  std::size_t part = 0;
  double strength = 0;
  Entries entries{};
};

std::vector<Unit> units_of(const ModuleParts& parts) {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& low = std::get<llm::LowRank>(parts[i].delta);
    for (std::int64_t k = 0; k < low.a.size(0); ++k) {
      Unit unit{.part = i, .entries = entries_of(llm::LowRank{.a = low.a.narrow(0, k, 1), .b = low.b.narrow(1, k, 1)})};
      unit.strength = parts[i].weight * std::sqrt(inner(unit.entries, unit.entries));
      units.push_back(std::move(unit));
    }
  }
  return units;
}

TEST(CrMsu, DropsOrShrinksTheWeakerOfTwoOpposedUnits) {
  const auto contributions = opposed_contributions(6, 360);
  for (const double threshold : {0.0, 0.1, 0.5}) {
    for (const std::string mode : {"drop", "shrink"}) {
      const auto source = source_of(contributions);
      const auto resolved = resolved_parts(contributions, {"cr-msu", {{"threshold", threshold}, {"mode", mode}}});
      int judged = 0;
      for (const auto& [id, shape] : source.shapes) {
        const auto given = source.parts(id);
        auto units = units_of(given);
        std::vector<double> worst(units.size(), 0);  // the most negative cosine that a unit loses by
        for (std::size_t u = 0; u < units.size(); ++u)
          for (std::size_t v = 0; v < units.size(); ++v)
            if (units[u].part != units[v].part && units[u].strength < units[v].strength)
              worst[u] = std::min(worst[u], cosine(units[u].entries, units[v].entries));
        std::vector<Entries> wanted(given.size(), Entries(units.front().entries.size(), 0));
        for (std::size_t u = 0; u < units.size(); ++u) {
          const bool loses = worst[u] < -threshold;
          judged += loses;
          const double factor = !loses ? 1 : mode == "drop" ? 0 : 1 + worst[u];
          for (std::size_t e = 0; e < units[u].entries.size(); ++e)
            wanted[units[u].part][e] += factor * units[u].entries[e];
        }
        const auto found = entries_of(resolved.at(id));
        for (std::size_t i = 0; i < wanted.size(); ++i)
          expect_near(found[i], wanted[i], 1e-5, mode + ", " + id.name() + ", change " + std::to_string(i));
      }
      EXPECT_GT(judged, 0) << "threshold " << threshold << " tests nothing";
    }
  }
}

TEST(CrMsu, KeepsTheEarlierOfTwoExactOpposites) {
  sim::Draws draws{{.seed = 361, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(5, 8, 1, draws);
  auto two = of_changes({one, llm::LowRank{.a = -one.a, .b = one.b}});
  two[1].weight = two[0].weight;
  const auto parts = resolved_parts(two, {"cr-msu"}).at(testing::q0);
  EXPECT_TRUE(at::equal(llm::dense(parts[0].delta), llm::dense(one)));
  EXPECT_TRUE(at::equal(llm::dense(parts[1].delta), at::zeros({5, 8})));
}

/// cr-sign (q = 0) on matrices of any shape.
void resolve_signs(std::vector<at::Tensor>& cores, const ModuleParts& parts, double t, double beta) {
  for (std::int64_t row = 0; row < cores.front().size(0); ++row) {
    for (std::int64_t column = 0; column < cores.front().size(1); ++column) {
      double p = 0;
      double n = 0;
      for (std::size_t i = 0; i < cores.size(); ++i) {
        const double x = cores[i][row][column].item<double>();
        (x > 0 ? p : n) += parts[i].weight * std::abs(x);
      }
      if (!(p + n > 0 && 2 * std::min(p, n) / (p + n) > t)) continue;
      for (auto& core : cores) {
        const double x = core[row][column].item<double>();
        if (p > n ? x < 0 : x > 0) core[row][column] = (1 - beta) * x;
      }
    }
  }
}

TEST(CrCore, IsCrSignInTheSpaceThatTheChangesShare) {
  for (const std::uint32_t count : {3U, 12U, 24U}) {  // Σ r below both sides of a module, between them, above one
    auto contributions = random_contributions(count, 362);
    for (auto& c : contributions)
      c.scale = 0.5 + c.client;
    const auto source = source_of(contributions);
    const auto resolved = resolved_parts(contributions, {"cr-core", {{"t", 0.1}, {"beta", 0.7}}});
    for (const auto& [id, shape] : source.shapes) {
      const auto given = source.parts(id);
      std::vector<at::Tensor> a;
      std::vector<at::Tensor> b;
      for (const auto& part : given) {
        a.push_back(std::get<llm::LowRank>(part.delta).a.to(at::kDouble));
        b.push_back(std::get<llm::LowRank>(part.delta).b.to(at::kDouble) / part.scale);
      }
      const auto u = std::get<0>(at::linalg_svd(at::cat(b, 1), false));
      const auto vt = std::get<2>(at::linalg_svd(at::cat(a, 0), false));
      std::vector<at::Tensor> cores;
      for (std::size_t i = 0; i < given.size(); ++i)
        cores.push_back(at::mm(at::mm(u.t(), given[i].scale * at::mm(b[i], a[i])), vt.t()).contiguous());
      resolve_signs(cores, given, 0.1, 0.7);
      for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& found = std::get<llm::LowRank>(resolved.at(id)[i].delta);
        EXPECT_LT(distance(llm::dense(found), at::mm(at::mm(u, cores[i]), vt)), 2e-5)
            << count << " clients, " << id.name() << ", change " << i;
        EXPECT_LE(found.a.size(0), std::min(u.size(1), vt.size(0)));
      }
    }
  }
}

}  // namespace
}  // namespace edgefuse::server
