#include "server/conflict/diagnostics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <set>
#include <vector>

#include <ATen/ATen.h>

#include "server/conflict/diagnostics_summary.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/resolving.hpp"

namespace edgefuse::server {
namespace {

using testing::dense_copies;
using testing::entries_of;
using testing::of_changes;
using testing::random_contributions;

using Entries = std::vector<double>;

ModuleDiagnostics diagnosed(const std::vector<llm::ModuleDelta>& changes) {
  return diagnose(testing::q0, source_of(of_changes(changes)).parts(testing::q0));
}

/// Places of the fifth of all entries that is largest in magnitude, zeros left out.
std::set<std::size_t> top_fifth(const Entries& change) {
  std::vector<std::size_t> order(change.size());
  for (std::size_t e = 0; e < order.size(); ++e)
    order[e] = e;
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t e) { return std::abs(change[e]); });
  order.resize(change.size() / 5);
  std::set<std::size_t> top;
  for (const auto e : order)
    if (change[e] != 0) top.insert(e);
  return top;
}

double norm(const Entries& change) {
  double sum = 0;
  for (const auto x : change)
    sum += x * x;
  return std::sqrt(sum);
}

void expect_pair(const PairDiagnostics& pair, const Entries& x, const Entries& y) {
  double inner = 0;
  double both = 0;
  double either = 0;
  double unlike = 0;
  for (std::size_t e = 0; e < x.size(); ++e) {
    inner += x[e] * y[e];
    both += x[e] != 0 && y[e] != 0;
    either += x[e] != 0 || y[e] != 0;
    unlike += x[e] * y[e] < 0;
  }
  double both_top = 0;
  const auto top_x = top_fifth(x);
  const auto top_y = top_fifth(y);
  for (const auto e : top_x)
    both_top += top_y.contains(e);
  const auto of = ::testing::Message() << "changes " << pair.first << " and " << pair.second;
  EXPECT_EQ(pair.entries, static_cast<std::int64_t>(x.size())) << of;
  EXPECT_EQ(pair.shared, static_cast<std::int64_t>(both)) << of;
  EXPECT_NEAR(pair.cosine, inner / (norm(x) * norm(y)), 1e-6) << of;
  EXPECT_NEAR(pair.sign_disagreement, unlike / both, 1e-12) << of;
  EXPECT_NEAR(pair.excess, unlike / both - 0.5, 1e-12) << of;
  EXPECT_NEAR(pair.overlap, both / either, 1e-12) << of;
  EXPECT_NEAR(pair.top_overlap, both_top / (static_cast<double>(top_x.size() + top_y.size()) - both_top), 1e-12) << of;
  EXPECT_NEAR(pair.norm_ratio, std::min(norm(x), norm(y)) / std::max(norm(x), norm(y)), 1e-6) << of;
}

void expect_module(const ModuleDiagnostics& module, const std::vector<Entries>& changes) {
  double contested = 0;
  double unlike = 0;
  double by_chance = 0;
  double left = 0;
  double mass = 0;
  for (std::size_t e = 0; e < changes.front().size(); ++e) {
    double sum = 0;
    int up = 0;
    int down = 0;
    for (const auto& change : changes) {
      sum += change[e];
      mass += std::abs(change[e]);
      up += change[e] > 0;
      down += change[e] < 0;
    }
    left += std::abs(sum);
    if (up + down < 2) continue;
    ++contested;
    unlike += up > 0 && down > 0;
    by_chance += 1 - std::pow(2.0, 1 - (up + down));
  }
  EXPECT_EQ(module.changes, changes.size());
  EXPECT_EQ(module.contested, static_cast<std::int64_t>(contested));
  EXPECT_NEAR(module.disagreement, unlike / contested, 1e-12);
  EXPECT_NEAR(module.excess, (unlike - by_chance) / contested, 1e-12);
  EXPECT_NEAR(module.cancelled_mass, 1 - left / mass, 1e-12);
}

TEST(ConflictDiagnostics, AreWhatTheirDefinitionsSay) {
  auto low = random_contributions(6, 401);
  for (auto& c : low)  // what structured pruning leaves out
    std::get<llm::LowRank>(c.delta.at(testing::q0)).b.narrow(0, 20 - 2 * c.client, 1 + 2 * c.client).zero_();
  for (const auto& contributions : {low, dense_copies(low)}) {
    const auto source = source_of(contributions);
    const auto modules = diagnose(source);
    ASSERT_EQ(modules.size(), 3U);
    for (const auto& module : modules) {
      const auto parts = source_of(dense_copies(low)).parts(module.module);
      const auto changes = entries_of(parts);
      expect_module(module, changes);
      std::size_t pair = 0;
      double mean = 0;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        for (std::size_t j = i + 1; j < parts.size(); ++j, ++pair) {
          ASSERT_LT(pair, module.pairs.size());
          EXPECT_EQ(module.pairs[pair].first, parts[i].index);
          EXPECT_EQ(module.pairs[pair].second, parts[j].index);
          expect_pair(module.pairs[pair], changes[i], changes[j]);
          mean += module.pairs[pair].cosine;
        }
      }
      EXPECT_EQ(pair, module.pairs.size());
      EXPECT_NEAR(module.mean_cosine, mean / static_cast<double>(pair), 1e-12);
    }
  }
}

TEST(ConflictDiagnostics, FindNoExcessInIndependentChanges) {
  sim::Draws draws{{.seed = 402, .domain = sim::Domain::test}};
  for (const auto& [count, chance] : {std::pair{2, 0.5}, std::pair{4, 0.875}}) {
    std::vector<llm::ModuleDelta> changes;
    for (int i = 0; i < count; ++i)
      changes.emplace_back(testing::random_low_rank(190, 210, 8, draws));
    const auto module = diagnosed(changes);
    EXPECT_NEAR(module.disagreement, chance, 0.02) << count << " changes";
    EXPECT_NEAR(module.excess, 0, 0.02) << count << " changes";
    for (const auto& pair : module.pairs) {
      EXPECT_NEAR(pair.top_overlap, 1.0 / 9, 0.03);
      EXPECT_NEAR(pair.cosine, 0, 0.1);
    }
  }
}

TEST(ConflictDiagnostics, FindThatOppositesCancel) {
  sim::Draws draws{{.seed = 403, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(7, 12, 2, draws);
  const auto module = diagnosed({one, llm::LowRank{.a = one.a, .b = -one.b}});
  EXPECT_NEAR(module.mean_cosine, -1, 1e-12);
  EXPECT_EQ(module.disagreement, 1);
  EXPECT_EQ(module.excess, 0.5);
  EXPECT_EQ(module.cancelled_mass, 1);
  const auto& pair = *worst_pair(module.pairs);
  EXPECT_EQ(pair.sign_disagreement, 1);
  EXPECT_EQ(pair.overlap, 1);
  EXPECT_EQ(pair.top_overlap, 1);
  EXPECT_EQ(pair.norm_ratio, 1);
  EXPECT_NEAR(pair.rows->mean, 1, 1e-12) << "they read the same";
  EXPECT_NEAR(pair.columns->mean, 1, 1e-12) << "and write to the same";
}

TEST(ConflictDiagnostics, MeasureTheAnglesBetweenWhatIsReadAndWritten) {
  // Rows: e0, e1 against cos·e0 + sin·e2, e3. Columns: f0, f1 against f2, f1.
  const double angle = std::numbers::pi / 5;
  const auto unit = [](std::int64_t size, std::int64_t place) { return at::eye(size).select(0, place); };
  const llm::LowRank x{.a = at::stack({unit(9, 0), unit(9, 1)}), .b = at::stack({unit(6, 0), unit(6, 1)}, 1)};
  const llm::LowRank y{.a = at::stack({std::cos(angle) * unit(9, 0) + std::sin(angle) * unit(9, 2), unit(9, 3)}),
                       .b = at::stack({unit(6, 2), unit(6, 1)}, 1)};
  const auto pair = diagnosed({x, y}).pairs.front();
  EXPECT_NEAR(pair.rows->largest, std::cos(angle), 1e-6);
  EXPECT_NEAR(pair.rows->mean, std::cos(angle) / 2, 1e-6);
  EXPECT_NEAR(pair.columns->largest, 1, 1e-6);
  EXPECT_NEAR(pair.columns->mean, 0.5, 1e-6);

  // B·G, G⁻¹·A is the same change, whatever its factors look like.
  const auto g = at::tensor({2.0F, 1.0F, 0.5F, 3.0F}).reshape({2, 2});
  const llm::LowRank same{.a = at::mm(at::linalg_inv(g), y.a), .b = at::mm(y.b, g)};
  const auto again = diagnosed({x, same}).pairs.front();
  EXPECT_NEAR(again.rows->mean, pair.rows->mean, 1e-6);
  EXPECT_NEAR(again.columns->mean, pair.columns->mean, 1e-6);
}

TEST(ConflictDiagnostics, LeaveOutDirectionsThatAreOnlyInOneFactor) {
  const auto unit = [](std::int64_t size, std::int64_t place) { return at::eye(size).select(0, place); };
  const llm::LowRank half_trained{.a = at::stack({unit(9, 0), unit(9, 1)}),
                                  .b = at::stack({unit(6, 0), at::zeros({6})}, 1)};
  const llm::LowRank other{.a = unit(9, 1).unsqueeze(0), .b = unit(6, 3).unsqueeze(1)};
  const auto pair = diagnosed({half_trained, other}).pairs.front();
  EXPECT_EQ(pair.rows->largest, 0) << "row 1 of A is there, but B does not use it";
  EXPECT_FALSE(diagnosed({half_trained, llm::Dense{at::ones({6, 9})}}).pairs.front().rows.has_value());
}

void expect_nothing_undefined(const ModuleDiagnostics& module) {
  for (const auto x : {module.mean_cosine, module.disagreement, module.excess, module.cancelled_mass})
    EXPECT_TRUE(std::isfinite(x));
  for (const auto& pair : module.pairs) {
    for (const auto x :
         {pair.cosine, pair.sign_disagreement, pair.excess, pair.overlap, pair.top_overlap, pair.norm_ratio})
      EXPECT_TRUE(std::isfinite(x));
    for (const auto& cosines : {pair.rows, pair.columns}) {
      const auto [largest, mean] = cosines.value_or(PrincipalCosines{});
      EXPECT_TRUE(std::isfinite(largest) && std::isfinite(mean));
    }
  }
}

TEST(ConflictDiagnostics, OfNothingAreZeroAndNeverNan) {
  sim::Draws draws{{.seed = 404, .domain = sim::Domain::test}};
  const auto one = testing::random_low_rank(7, 12, 2, draws);
  const llm::LowRank untrained{.a = one.a, .b = at::zeros({7, 2})};
  const llm::LowRank rankless{.a = at::zeros({0, 12}), .b = at::zeros({7, 0})};
  const llm::Dense zeros{at::zeros({7, 12})};
  const std::vector<std::vector<llm::ModuleDelta>> cases = {
      {one}, {one, untrained}, {untrained, zeros}, {rankless, rankless}, {rankless, one, zeros}, {zeros}};
  for (const auto& changes : cases)
    expect_nothing_undefined(diagnosed(changes));

  const auto nobody = diagnose(testing::q0, {});
  expect_nothing_undefined(nobody);
  EXPECT_EQ(nobody.entries, 0);
  EXPECT_EQ(worst_pair(nobody.pairs), nullptr);

  const auto alone = diagnosed({one});
  EXPECT_TRUE(alone.pairs.empty());
  EXPECT_EQ(alone.contested, 0);
  EXPECT_EQ(alone.excess, 0);
  EXPECT_EQ(alone.cancelled_mass, 0);

  const auto beside_nothing = diagnosed({one, untrained}).pairs.front();
  EXPECT_EQ(beside_nothing.cosine, 0);
  EXPECT_EQ(beside_nothing.excess, 0) << "nothing is shared, so nothing is below chance";
  EXPECT_EQ(beside_nothing.overlap, 0);
  EXPECT_EQ(beside_nothing.norm_ratio, 0);
  EXPECT_EQ(beside_nothing.rows->largest, 0);
}

TEST(ConflictSummary, WeighsModulesByTheirEntries) {
  const auto contributions = random_contributions(5, 405);  // client 2 lacks gate1
  const auto modules = diagnose(source_of(contributions));
  const auto summary = summarise(modules, contributions.size());
  double cosine = 0;
  double excess = 0;
  double cancelled = 0;
  double entries = 0;
  double contested = 0;
  for (const auto& module : modules) {
    entries += static_cast<double>(module.entries);
    contested += static_cast<double>(module.contested);
    cosine += static_cast<double>(module.entries) * module.mean_cosine;
    cancelled += static_cast<double>(module.entries) * module.cancelled_mass;
    excess += static_cast<double>(module.contested) * module.excess;
  }
  EXPECT_EQ(summary.contributions, 5U);
  EXPECT_NEAR(summary.mean_cosine, cosine / entries, 1e-12);
  EXPECT_NEAR(summary.cancelled_mass, cancelled / entries, 1e-12);
  EXPECT_NEAR(summary.excess, excess / contested, 1e-12);

  ASSERT_EQ(summary.pairs.size(), 10U);
  const auto& without_gate1 = summary.pairs[1];  // of 0 and 2
  EXPECT_EQ(without_gate1.first, 0U);
  EXPECT_EQ(without_gate1.second, 2U);
  EXPECT_EQ(without_gate1.entries, 21 * 34 + 34 * 55);
  const double q = modules[0].pairs[1].cosine;
  const double down = modules[1].pairs[1].cosine;
  EXPECT_NEAR(without_gate1.cosine, (21 * 34 * q + 34 * 55 * down) / (21 * 34 + 34 * 55), 1e-12);
  EXPECT_TRUE(without_gate1.rows.has_value());
}

TEST(ConflictSummary, LeavesOutPairsWithoutAModuleInCommon) {
  auto contributions = random_contributions(2, 406);
  contributions[0].delta.erase(testing::down0);
  contributions[0].delta.erase(testing::gate1);
  contributions[1].delta.erase(testing::q0);
  const auto summary = summarise(diagnose(source_of(contributions)), 2);
  EXPECT_TRUE(summary.pairs.empty());
  EXPECT_EQ(summary.mean_cosine, 0);
  EXPECT_EQ(summary.excess, 0);
  EXPECT_EQ(summarise({}, 0).cancelled_mass, 0);
}

}  // namespace
}  // namespace edgefuse::server
