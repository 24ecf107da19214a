#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/whole_changes.hpp"
#include "tests/server/naive.hpp"

namespace edgefuse::server {
namespace {

using testing::changes_of;
using testing::expect_near;
using testing::fused_by;
using testing::Numbers;
using testing::product;
using testing::random_contributions;

constexpr double tolerance = 1e-5;
const std::vector<llm::ModuleId> modules = {testing::q0, testing::down0, testing::gate1};

/// Of each entry the sorted numbers of all contributions, then one number of them.
template <class Statistic>
Numbers coordinatewise(const std::vector<Numbers>& changes, const Statistic& statistic) {
  Numbers result;
  for (std::size_t e = 0; e < changes.front().size(); ++e) {
    Numbers entry;
    for (const auto& change : changes)
      entry.push_back(change[e]);
    std::ranges::sort(entry);
    result.push_back(statistic(entry));
  }
  return result;
}

TEST(Median, IsInTheMiddleOfEveryEntryAMissingModuleBeingZero) {
  for (const std::uint32_t count : {1U, 2U, 5U, 8U}) {
    const auto contributions = random_contributions(count, 230 + count);
    const auto fused = fused_by("median", {}, contributions);
    for (const auto id : modules)
      expect_near(fused.at(id),
                  coordinatewise(changes_of(contributions, id),
                                 [](const Numbers& x) { return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2; }),
                  tolerance, id.name() + " of " + std::to_string(count));
  }
}

TEST(TrimmedMean, LeavesOutAsManyAtEitherEnd) {
  const auto contributions = random_contributions(11, 232);
  for (const double trim : {0.0, 0.1, 0.3, 0.49}) {
    const auto fused = fused_by("trimmed-mean", {{"trim", trim}}, contributions);
    for (const auto id : modules)
      expect_near(fused.at(id),
                  coordinatewise(changes_of(contributions, id),
                                 [&](const Numbers& x) {
                                   const auto cut = static_cast<std::size_t>(trim * 11);
                                   double sum = 0;
                                   for (auto i = cut; i < 11 - cut; ++i)
                                     sum += x[i];
                                   return sum / static_cast<double>(11 - 2 * cut);
                                 }),
                  tolerance, id.name() + ", trim " + std::to_string(trim));
  }
}

TEST(RobustRules, AreNotMovedFarByOneLiar) {
  for (const auto* rule : {"median", "trimmed-mean", "krum", "norm-clip"}) {
    std::vector<at::Tensor> matrices(10, at::ones({4, 7}));
    matrices[3] = at::full({4, 7}, -1e6);
    const auto fused = fused_by(rule, {}, testing::by_hand(matrices, Numbers(10, 1.0)));
    const auto off = testing::distance(llm::dense(fused.at(testing::q0)), at::ones({4, 7}));
    EXPECT_LE(off, std::string{rule} == "norm-clip" ? 0.2001 : 0) << rule;
  }
}

/// ‖x_i - x_j‖² over all modules.
std::vector<Numbers> distances(const std::vector<Contribution>& contributions) {
  const auto count = contributions.size();
  std::vector<Numbers> result(count, Numbers(count, 0.0));
  for (const auto id : modules) {
    const auto changes = changes_of(contributions, id);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j)
        for (std::size_t e = 0; e < changes[i].size(); ++e)
          result[i][j] += std::pow(changes[i][e] - changes[j][e], 2);
  }
  return result;
}

TEST(WholeChanges, AreAsLongAndAsFarApartAsTheSumsOverAllTheirEntriesSay) {
  auto contributions = random_contributions(5, 235);
  for (auto& [id, delta] : contributions[1].delta)
    delta = llm::Dense{llm::dense(delta)};
  const auto source = source_of(contributions);
  const auto wanted = distances(contributions);
  const auto got = squared_distances(source);
  for (std::size_t i = 0; i < 5; ++i) {
    double square = 0;
    for (const auto id : modules) {
      const auto change = changes_of(contributions, id)[i];
      square += product(change, change);
    }
    EXPECT_NEAR(norms(source)[i], std::sqrt(square), tolerance * std::sqrt(square)) << "contribution " << i;
    for (std::size_t j = 0; j < 5; ++j)
      EXPECT_NEAR(got[i][j], wanted[i][j], tolerance * square) << "from " << i << " to " << j;
  }
}

/// The `multi` with the lowest scores.
std::vector<std::size_t> chosen_by_krum(const std::vector<Contribution>& contributions, std::size_t f,
                                        std::size_t multi) {
  const auto count = contributions.size();
  const auto distance = distances(contributions);
  std::vector<std::pair<double, std::size_t>> scores;
  for (std::size_t i = 0; i < count; ++i) {
    Numbers others;
    for (std::size_t j = 0; j < count; ++j)
      if (j != i) others.push_back(distance[i][j]);
    std::ranges::sort(others);
    double score = 0;
    for (std::size_t k = 0; k < count - f - 2; ++k)
      score += others[k];
    scores.emplace_back(score, i);
  }
  std::ranges::sort(scores);
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < multi; ++k)
    chosen.push_back(scores[k].second);
  return chosen;
}

TEST(Krum, TakesTheMeanOfThoseThatAreClosestToTheirNeighbours) {
  for (const auto& [f, multi] : {std::pair<std::size_t, std::size_t>{0, 1}, {1, 1}, {2, 3}, {3, 9}}) {
    const auto contributions = random_contributions(9, 233);
    const auto chosen = chosen_by_krum(contributions, f, multi);
    const auto fused =
        fused_by("krum", {{"byzantine", static_cast<double>(f)}, {"multi", static_cast<double>(multi)}}, contributions);
    for (const auto id : modules) {
      const auto changes = changes_of(contributions, id);
      Numbers wanted(changes.front().size(), 0.0);
      for (const auto i : chosen)
        for (std::size_t e = 0; e < wanted.size(); ++e)
          wanted[e] += changes[i][e] / static_cast<double>(multi);
      expect_near(fused.at(id), wanted, tolerance,
                  id.name() + ", byzantine " + std::to_string(f) + ", multi " + std::to_string(multi));
    }
  }
}

TEST(Krum, OfEqualsTakesTheLowerClientId) {
  auto contributions = testing::by_hand({at::full({2, 3}, 1.0), at::full({2, 3}, 3.0)}, {1, 1});
  contributions[0].client = 8;
  contributions[1].client = 4;
  const auto fused = fused_by("krum", {{"byzantine", 0.0}}, contributions);
  expect_near(fused.at(testing::q0), Numbers(6, 3.0), 0, "client 4 has threes");
}

TEST(NormClip, ScalesDownToANormThenTakesTheWeightedMean) {
  const auto contributions = random_contributions(6, 234);
  Numbers norms(6, 0.0);
  double total = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    for (const auto id : modules) {
      const auto change = changes_of(contributions, id)[i];
      norms[i] += product(change, change);
    }
    norms[i] = std::sqrt(norms[i]);
    total += contributions[i].weight;
  }
  auto sorted = norms;
  std::ranges::sort(sorted);
  for (const double norm : {0.0, 40.0, 1e9}) {
    const double most = norm > 0 ? norm : (sorted[2] + sorted[3]) / 2;
    const auto fused = fused_by("norm-clip", {{"norm", norm}}, contributions);
    for (const auto id : modules) {
      const auto changes = changes_of(contributions, id);
      Numbers wanted(changes.front().size(), 0.0);
      for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t e = 0; e < wanted.size(); ++e)
          wanted[e] += contributions[i].weight / total * std::min(1.0, most / norms[i]) * changes[i][e];
      expect_near(fused.at(id), wanted, tolerance, id.name() + ", norm " + std::to_string(norm));
    }
  }
}

}  // namespace
}  // namespace edgefuse::server
