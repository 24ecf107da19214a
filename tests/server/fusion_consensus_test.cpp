#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include "tests/server/naive.hpp"

namespace edgefuse::server {
namespace {

using testing::by_hand;
using testing::changes_of;
using testing::expect_near;
using testing::floor_of;
using testing::fused_by;
using testing::Numbers;
using testing::random_contributions;

constexpr double tolerance = 1e-5;
const std::vector<llm::ModuleId> modules = {testing::q0, testing::down0, testing::gate1};

Numbers sum_of(const std::vector<Numbers>& changes) {
  Numbers sum(changes.front().size(), 0.0);
  for (const auto& change : changes)
    for (std::size_t e = 0; e < sum.size(); ++e)
      sum[e] += change[e];
  return sum;
}

TEST(Consensus, KeepsTheSumWhereItServesEnoughOfTheChanges) {
  const auto contributions = random_contributions(5, 211);
  for (const double k : {0.0, 1.0, 2.0, 3.0}) {
    const auto fused = fused_by("consensus", {{"mask-lambda", 0.6}, {"k", k}, {"lambda", 0.3}}, contributions);
    for (const auto id : modules) {
      const auto changes = changes_of(contributions, id);
      auto wanted = sum_of(changes);
      for (std::size_t e = 0; e < wanted.size(); ++e) {
        double active = 0;
        for (const auto& change : changes)
          if (std::abs(change[e]) > 0.6 * std::abs(wanted[e] - change[e])) active += 1;
        wanted[e] = active >= k ? 0.3 * wanted[e] : 0;
      }
      expect_near(fused.at(id), wanted, tolerance, id.name() + ", k = " + std::to_string(k));
    }
  }
}

TEST(Consensus, DropsWhatOneAloneWantsAndWhatDrowns) {
  const auto first = at::tensor({1.0, 4.0, 1.0, 0.0}).reshape({1, 4});
  const auto second = at::tensor({1.0, 0.1, -0.9, 0.0}).reshape({1, 4});
  const auto fused = fused_by("consensus", {{"mask-lambda", 0.5}, {"lambda", 1.0}}, by_hand({first, second}, {1, 1}));
  expect_near(fused.at(testing::q0), {2, 0, 0.1, 0}, 1e-6, "shared, selfish, opposed but equal, untouched");
}

Numbers normalised(Numbers x) {
  const double low = *std::min_element(x.begin(), x.end());
  const double high = *std::max_element(x.begin(), x.end());
  for (auto& value : x)
    value = high > low ? (value - low) / (high - low) : 0;
  return x;
}

/// s_i of pcb.hpp.
Numbers importance(const Numbers& change, const Numbers& clamped, const Numbers& sum, double t, double density) {
  Numbers sizes;
  for (const auto x : clamped)
    sizes.push_back(std::abs(x));
  sizes = normalised(sizes);
  Numbers beta;
  for (std::size_t e = 0; e < change.size(); ++e)
    beta.push_back(std::exp(t * sizes[e] * sizes[e]) * std::tanh(change[e] * sum[e]));
  auto sorted = beta;
  std::ranges::sort(sorted, std::ranges::greater{});
  const double least = sorted[std::max<std::size_t>(floor_of(density, beta.size()), 1) - 1];
  for (auto& b : beta)
    b = std::max(b, least);
  return normalised(beta);
}

Numbers clamped(const Numbers& change) {
  Numbers sizes;
  for (const auto x : change)
    sizes.push_back(std::abs(x));
  std::ranges::sort(sizes);
  const auto tail = floor_of(1e-4, sizes.size());
  const double low = sizes[tail];
  const double high = sizes[sizes.size() - 1 - tail];
  Numbers result;
  for (const auto x : change)
    result.push_back((x < 0 ? -1 : x > 0 ? 1 : 0) * std::min(std::max(std::abs(x), low), high));
  return result;
}

Numbers competition(const std::vector<Numbers>& changes, double density, double lambda) {
  const auto sum = sum_of(changes);
  Numbers weighted(sum.size(), 0.0);
  Numbers weight(sum.size(), 0.0);
  for (const auto& change : changes) {
    const auto inside = clamped(change);
    const auto s = importance(change, inside, sum, static_cast<double>(changes.size()), density);
    for (std::size_t e = 0; e < sum.size(); ++e) {
      weighted[e] += s[e] * inside[e];
      weight[e] += s[e];
    }
  }
  for (std::size_t e = 0; e < sum.size(); ++e)
    weighted[e] = weight[e] > 0 ? lambda * weighted[e] / weight[e] : 0;
  return weighted;
}

TEST(Pcb, WeighsEachEntryByHowImportantItIsToItsOwnChangeAndToTheOthers) {
  const auto contributions = random_contributions(5, 212);
  for (const double density : {0.1, 1.0}) {
    const auto fused = fused_by("pcb", {{"density", density}, {"lambda", 1.2}}, contributions);
    for (const auto id : modules)
      expect_near(fused.at(id), competition(changes_of(contributions, id), density, 1.2), tolerance,
                  id.name() + ", density " + std::to_string(density));
  }
}

TEST(Pcb, ClampsTheTailsOfLargeModules) {
  sim::Draws draws{{.seed = 213, .domain = sim::Domain::test}};
  std::vector<at::Tensor> matrices;
  for (int i = 0; i < 3; ++i)
    matrices.push_back(testing::random_tensor({130, 171}, draws));
  matrices[1].data_ptr<float>()[77] = 50;
  const auto contributions = by_hand(matrices, {1, 1, 1});
  const auto wanted = competition(changes_of(contributions, testing::q0), 0.3, 1);
  EXPECT_LT(*std::ranges::max_element(wanted), 10) << "two of 22,230 are clamped at either end";
  expect_near(fused_by("pcb", {{"density", 0.3}, {"lambda", 1.0}}, contributions).at(testing::q0), wanted, tolerance,
              "two tails");
}

TEST(Pcb, OfManyAdaptersDoesNotOverflow) {
  std::vector<at::Tensor> matrices;
  sim::Draws draws{{.seed = 214, .domain = sim::Domain::test}};
  for (int i = 0; i < 800; ++i)
    matrices.push_back(testing::random_tensor({3, 5}, draws));
  const auto fused = fused_by("pcb", {}, by_hand(matrices, Numbers(800, 1.0)));
  EXPECT_TRUE(at::isfinite(llm::dense(fused.at(testing::q0))).all().item<bool>()) << "exp(800) is infinite";
}

TEST(Pcb, OfOneAdapterLosesItsLeastImportantEntryAlone) {
  const auto contributions = random_contributions(1, 215);
  const auto fused = fused_by("pcb", {{"density", 1.0}, {"lambda", 1.0}}, contributions);
  auto wanted = changes_of(contributions, testing::q0).front();
  wanted[testing::by_magnitude(wanted).back()] = 0;
  expect_near(fused.at(testing::q0), wanted, 0, "the smallest of all");
}

/// Select, calculate, erase.
Numbers sce(std::vector<Numbers> changes, double density) {
  const auto size = changes.front().size();
  const auto count = static_cast<double>(changes.size());
  Numbers variance(size, 0.0);
  const auto sum = sum_of(changes);
  for (std::size_t e = 0; e < size; ++e)
    for (const auto& change : changes)
      variance[e] += std::pow(change[e] - sum[e] / count, 2) / count;
  if (density < 1) {
    const auto varying = size - static_cast<std::size_t>(std::ranges::count(variance, 0.0));
    const auto order = testing::by_magnitude(variance);
    for (auto place = floor_of(density, varying); place < size; ++place)
      for (auto& change : changes)
        change[order[place]] = 0;
  }
  Numbers result(size, 0.0);
  for (std::size_t e = 0; e < size; ++e) {
    double votes = 0;
    for (const auto& change : changes)
      votes += change[e];
    double weighted = 0;
    double weight = 0;
    for (const auto& change : changes) {
      if (change[e] == 0 || (change[e] > 0) != (votes >= 0)) continue;
      const double own = testing::product(change, change) / static_cast<double>(size);
      weighted += own * change[e];
      weight += own;
    }
    result[e] = weight > 0 ? weighted / weight : 0;
  }
  return result;
}

TEST(Sce, SelectsByVarianceWeighsBySizeAndErasesTheMinority) {
  const auto contributions = random_contributions(6, 216);
  for (const double density : {0.3, 1.0}) {
    const auto fused = fused_by("sce", {{"density", density}}, contributions);
    for (const auto id : modules)
      expect_near(fused.at(id), sce(changes_of(contributions, id), density), tolerance,
                  id.name() + ", density " + std::to_string(density));
  }
}

TEST(Sce, CountsOnlyEntriesThatVary) {
  const auto first = at::tensor({5.0, 1.0, 2.0, 0.0, 3.0, 0.0}).reshape({2, 3});
  const auto second = at::tensor({5.0, 1.0, 1.0, 0.0, 1.0, 0.0}).reshape({2, 3});
  const auto fused = fused_by("sce", {{"density", 0.5}}, by_hand({first, second}, {1, 1}));
  expect_near(fused.at(testing::q0), {0, 0, 0, 0, (9 * 3 + 1 * 1) / 10.0, 0}, 1e-6,
              "two entries vary, half of them is one");
}

}  // namespace
}  // namespace edgefuse::server
