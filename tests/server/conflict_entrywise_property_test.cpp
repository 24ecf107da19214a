#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "server/fuse.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/resolving.hpp"

namespace edgefuse::server {
namespace {

using testing::dense_copies;
using testing::entries_of;
using testing::random_contributions;
using testing::resolved_parts;
using testing::Resolving;

using Entries = std::vector<std::vector<double>>;  // [part][entry]

/// Linear interpolation between the two neighbours of place q·(n - 1).
double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  const double place = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (place - static_cast<double>(low));
}

double threshold(const std::vector<double>& change, double q) {
  std::vector<double> magnitudes;
  for (const auto x : change)
    if (x != 0) magnitudes.push_back(std::abs(x));
  return q == 0 ? 0 : quantile(magnitudes, q);
}

/// p, n and c of one entry.
struct Tug {
  double p = 0;
  double n = 0;
  [[nodiscard]] double c() const { return p + n > 0 ? 2 * std::min(p, n) / (p + n) : 0; }
};

std::vector<Tug> tugs(const Entries& changes, const std::vector<double>& weights, double q) {
  std::vector<Tug> result(changes.front().size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const double tau = threshold(changes[i], q);
    for (std::size_t e = 0; e < result.size(); ++e) {
      if (changes[i][e] > tau) result[e].p += weights[i] * changes[i][e];
      if (changes[i][e] < -tau) result[e].n -= weights[i] * changes[i][e];
    }
  }
  return result;
}

/// Compares `how` with `expected(given entries, weights)` on dense changes of several modules, missing parts and zeros
/// included.
template <class Expected>
void expect_as_defined(const Resolving& how, const Expected& expected) {
  auto contributions = dense_copies(random_contributions(6, 331));
  for (auto& c : contributions)  // what structured pruning leaves out
    std::get<llm::Dense>(c.delta.at(testing::q0)).matrix.narrow(0, 20 - 2 * c.client, 1 + 2 * c.client).zero_();
  const auto source = source_of(contributions);
  const auto resolved = resolved_parts(contributions, how);
  for (const auto& [id, shape] : source.shapes) {
    const auto given = source.parts(id);
    std::vector<double> weights;
    for (const auto& part : given)
      weights.push_back(part.weight);
    const Entries wanted = expected(entries_of(given), weights);
    const Entries found = entries_of(resolved.at(id));
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      for (std::size_t e = 0; e < wanted[i].size(); ++e)
        ASSERT_NEAR(found[i][e], wanted[i][e], 1e-6 * std::abs(wanted[i][e]))
            << how.name << ", " << id.name() << ", change " << i << ", entry " << e;
  }
}

TEST(CrDrop, ZeroesEveryContributorInConflict) {
  for (const auto& [q, t] : {std::pair{0.0, 0.0}, std::pair{0.4, 0.0}, std::pair{0.2, 0.5}, std::pair{0.0, 1.0}}) {
    expect_as_defined({"cr-drop", {{"q", q}, {"t", t}}},
                      [q = q, t = t](Entries changes, const std::vector<double>& weights) {
                        const auto found = tugs(changes, weights, q);
                        for (auto& change : changes)
                          for (std::size_t e = 0; e < change.size(); ++e)
                            if (found[e].c() > t) change[e] = 0;
                        return changes;
                      });
  }
}

TEST(CrMax, KeepsTheLargestOfTheElectedSign) {
  for (const auto& [q, t] : {std::pair{0.0, 0.0}, std::pair{0.4, 0.0}, std::pair{0.2, 0.5}}) {
    expect_as_defined({"cr-max", {{"q", q}, {"t", t}}},
                      [q = q, t = t](Entries changes, const std::vector<double>& weights) {
                        const auto found = tugs(changes, weights, q);
                        const auto given = changes;
                        for (std::size_t e = 0; e < found.size(); ++e) {
                          if (found[e].c() <= t) continue;
                          const double sign = found[e].p > found[e].n ? 1 : -1;
                          double largest = 0;
                          for (const auto& change : given)
                            largest = std::max(largest, sign * change[e]);
                          for (auto& change : changes)
                            if (sign * change[e] != largest) change[e] = 0;
                        }
                        return changes;
                      });
  }
}

TEST(CrMax, LeavesOneContributorOfEveryEntryInConflict) {
  const auto contributions = random_contributions(6, 332);
  const auto parts = resolved_parts(contributions, {"cr-max"}).at(testing::down0);
  const auto changes = entries_of(parts);
  for (std::size_t e = 0; e < changes.front().size(); ++e) {
    const auto up = std::ranges::count_if(changes, [e](const auto& change) { return change[e] > 0; });
    const auto down = std::ranges::count_if(changes, [e](const auto& change) { return change[e] < 0; });
    ASSERT_TRUE(up + down == 1 || up + down == 6) << "entry " << e << ": one after a conflict, all without";
    ASSERT_TRUE(up == 0 || down == 0) << "entry " << e;
  }
}

TEST(CrSoft, ShrinksByTheMassThatCancels) {
  for (const auto& [q, beta] : {std::pair{0.0, 1.0}, std::pair{0.4, 1.0}, std::pair{0.2, 0.5}}) {
    expect_as_defined({"cr-soft", {{"q", q}, {"beta", beta}}},
                      [q = q, beta = beta](Entries changes, const std::vector<double>& weights) {
                        const auto found = tugs(changes, weights, q);
                        for (auto& change : changes)
                          for (std::size_t e = 0; e < change.size(); ++e)
                            change[e] *= 1 - beta * found[e].c();
                        return changes;
                      });
  }
}

TEST(CrSoft, TakesAwayWhatCancelsWholly) {
  const auto opposite = testing::of_changes({llm::Dense{at::full({3, 5}, 2.0F)}, llm::Dense{at::full({3, 5}, -1.0F)}});
  const auto parts = resolved_parts(opposite, {"cr-soft"}).at(testing::q0);  // weights 1 and 2
  for (const auto& part : parts)
    EXPECT_TRUE(at::equal(llm::dense(part.delta).abs(), at::zeros({3, 5})));
}

/// The n largest of each block of m that nobody has yet, by sorting.
Entries disjoint(Entries changes, std::size_t n, std::size_t m) {
  std::vector<bool> taken(changes.front().size(), false);
  for (auto& change : changes) {
    std::vector<double> kept(change.size(), 0);
    for (std::size_t first = 0; first < change.size(); first += m) {
      const auto last = std::min(first + m, change.size());
      std::vector<std::size_t> free;
      for (auto e = first; e < last; ++e)
        if (!taken[e] && change[e] != 0) free.push_back(e);
      std::ranges::stable_sort(free, std::greater{}, [&](std::size_t e) { return std::abs(change[e]); });
      const auto share = static_cast<double>(n * (last - first)) / static_cast<double>(m);
      free.resize(std::min(free.size(), static_cast<std::size_t>(std::ceil(share))));
      for (const auto e : free) {
        kept[e] = change[e];
        taken[e] = true;
      }
    }
    change = kept;
  }
  return changes;
}

TEST(CrDisjoint, KeepsNOfEveryMThatNobodyHasYet) {
  for (const auto& [n, m] : {std::pair{2, 7}, std::pair{64, 256}, std::pair{5, 8}, std::pair{3, 100000}})
    expect_as_defined({"cr-disjoint", {{"n", static_cast<double>(n)}, {"m", static_cast<double>(m)}}},
                      [n = n, m = m](const Entries& changes, const std::vector<double>&) {
                        return disjoint(changes, static_cast<std::size_t>(n), static_cast<std::size_t>(m));
                      });
}

TEST(CrDisjoint, LetsNoTwoChangeOneEntry) {
  const auto changes = entries_of(resolved_parts(random_contributions(6, 333), {"cr-disjoint"}).at(testing::down0));
  for (std::size_t e = 0; e < changes.front().size(); ++e)
    ASSERT_LE(std::ranges::count_if(changes, [e](const auto& change) { return change[e] != 0; }), 1) << "entry " << e;
}

TEST(CrDisjoint, LeavesChangesAloneThatDoNotMeetWhenAllMayBeKept) {
  auto rows = dense_copies(random_contributions(3, 334));
  for (auto& c : rows) {
    c.delta.erase(testing::down0);
    c.delta.erase(testing::gate1);
    auto& matrix = std::get<llm::Dense>(c.delta.at(testing::q0)).matrix;
    const auto own = matrix.narrow(0, 7 * c.client, 7).clone();
    matrix.zero_().narrow(0, 7 * c.client, 7).copy_(own);
  }
  const auto parts = resolved_parts(rows, {"cr-disjoint", {{"n", 4.0}, {"m", 4.0}}}).at(testing::q0);
  for (std::size_t i = 0; i < parts.size(); ++i)
    EXPECT_TRUE(at::equal(llm::dense(parts[i].delta), llm::dense(rows[i].delta.at(testing::q0)))) << "change " << i;
}

}  // namespace
}  // namespace edgefuse::server
