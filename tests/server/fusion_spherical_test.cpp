#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>

#include "tests/server/naive.hpp"

namespace edgefuse::server {
namespace {

using testing::by_hand;
using testing::changes_of;
using testing::expect_near;
using testing::fused_by;
using testing::Numbers;
using testing::product;
using testing::random_contributions;

constexpr double tolerance = 2e-5;
const std::vector<llm::ModuleId> modules = {testing::q0, testing::down0, testing::gate1};

/// Those that are not zero.
std::vector<Numbers> changing(const std::vector<Numbers>& changes) {
  std::vector<Numbers> result;
  for (const auto& change : changes)
    if (product(change, change) > 0) result.push_back(change);
  return result;
}

Numbers combination(const std::vector<Numbers>& changes, const Numbers& coefficients) {
  Numbers sum(changes.front().size(), 0.0);
  for (std::size_t i = 0; i < changes.size(); ++i)
    for (std::size_t e = 0; e < sum.size(); ++e)
      sum[e] += coefficients[i] * changes[i][e];
  return sum;
}

double cosine(const Numbers& x, const Numbers& y) {
  return product(x, y) / std::sqrt(product(x, x) * product(y, y));
}

/// Changes with something in common, so that their mean cosine is positive.
std::vector<Contribution> alike(std::uint32_t count, std::uint64_t seed) {
  auto contributions = random_contributions(count + 1, seed);
  const auto common = contributions.front();
  contributions.erase(contributions.begin());
  for (auto& c : contributions)
    for (auto& [id, delta] : c.delta) {
      auto& low = std::get<llm::LowRank>(delta);
      const auto& shared = std::get<llm::LowRank>(common.delta.at(id));
      low = {.a = at::cat({low.a, shared.a}), .b = at::cat({low.b, shared.b}, 1)};
    }
  return contributions;
}

TEST(ModelStock, IsTheMeanTimesAFactorOfTheMeanCosineOfThoseThatChangeTheModule) {
  const auto contributions = alike(5, 222);
  const auto fused = fused_by("model-stock", {}, contributions);
  for (const auto id : modules) {
    const auto changes = changing(changes_of(contributions, id));
    const auto n = static_cast<double>(changes.size());
    double c = 0;
    double pairs = 0;
    for (std::size_t i = 0; i < changes.size(); ++i)
      for (std::size_t j = i + 1; j < changes.size(); ++j, ++pairs)
        c += cosine(changes[i], changes[j]);
    c /= pairs;
    ASSERT_GT(c, 0.05) << id.name();
    const double t = n * c / (1 + (n - 1) * c);
    expect_near(fused.at(id), combination(changes, Numbers(changes.size(), t / n)), tolerance, id.name());
  }
}

TEST(ModelStock, OfOpposedChangesIsTheBase) {
  const auto x = at::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}).reshape({2, 3});
  const auto fused = fused_by("model-stock", {}, by_hand({x, -2 * x}, {1, 1}));
  expect_near(fused.at(testing::q0), Numbers(6, 0.0), 0, "cosine -1");
}

TEST(ModelStock, OfEqualChangesIsThatChangeWhateverElseIsZero) {
  const auto x = at::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}).reshape({2, 3});
  const auto fused = fused_by("model-stock", {}, by_hand({x, at::zeros({2, 3}), x}, {1, 5, 1}));
  expect_near(fused.at(testing::q0), {1, 2, 3, 4, 5, 6}, 1e-6, "two of one kind");
}

TEST(Slerp, GoesAlongTheArcAndStraightOnWhereThereIsNone) {
  auto contributions = random_contributions(2, 223);
  contributions[1].delta.erase(testing::gate1);
  for (const double t : {0.0, 0.25, 0.5, 1.0}) {
    const auto fused = fused_by("slerp", {{"t", t}}, contributions);
    for (const auto id : modules) {
      const auto changes = changes_of(contributions, id);
      Numbers coefficients = {1 - t, t};
      if (id != testing::gate1) {
        const double angle = std::acos(cosine(changes[0], changes[1]));
        coefficients = {std::sin((1 - t) * angle) / std::sin(angle), std::sin(t * angle) / std::sin(angle)};
      }
      expect_near(fused.at(id), combination(changes, coefficients), tolerance,
                  id.name() + ", t = " + std::to_string(t));
    }
  }
}

TEST(Slerp, KeepsTheLengthOfTwoThatAreOfOneLength) {
  const auto fused = fused_by(
      "slerp", {{"t", 0.3}},
      by_hand({at::tensor({3.0, 4.0, 0.0}).reshape({1, 3}), at::tensor({0.0, 0.0, 5.0}).reshape({1, 3})}, {1, 1}));
  EXPECT_NEAR(llm::dense(fused.at(testing::q0)).norm().item<double>(), 5, 1e-6);
}

TEST(Slerp, OfParallelAndOfOppositeChangesIsStraight) {
  const auto x = at::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}).reshape({2, 3});
  for (const double factor : {3.0, -3.0}) {
    const auto fused = fused_by("slerp", {{"t", 0.25}}, by_hand({x, factor * x}, {1, 1}));
    expect_near(fused.at(testing::q0), testing::numbers_of((0.75 + 0.25 * factor) * x), 1e-5,
                "times " + std::to_string(factor));
  }
}

/// Σ arccos² of the angles between x and the changes.
double spread(const Numbers& x, const std::vector<Numbers>& changes) {
  double sum = 0;
  for (const auto& change : changes)
    sum += std::pow(std::acos(cosine(x, change)), 2);
  return sum;
}

TEST(Karcher, HasTheMeanLengthAndTheDirectionOfLeastSquaredAngles) {
  const auto contributions = alike(5, 224);
  const auto fused = fused_by("karcher", {{"iterations", 50.0}, {"tolerance", 1e-9}}, contributions);
  sim::Draws draws{{.seed = 225, .domain = sim::Domain::test}};
  for (const auto id : modules) {
    const auto changes = changing(changes_of(contributions, id));
    const auto mean = testing::numbers_of(llm::dense(fused.at(id)));
    double length = 0;
    for (const auto& change : changes)
      length += std::sqrt(product(change, change)) / static_cast<double>(changes.size());
    EXPECT_NEAR(std::sqrt(product(mean, mean)), length, 1e-4) << id.name();
    const double least = spread(mean, changes);
    for (int trial = 0; trial < 20; ++trial) {
      auto beside = mean;
      for (auto& x : beside)
        x += 1e-2 * draws.normal();
      for (const auto& change : changes)
        for (std::size_t e = 0; e < beside.size(); ++e)
          beside[e] += 1e-2 * (trial % 2 == 0 ? 1 : -1) * change[e] / static_cast<double>(changes.size());
      EXPECT_GT(spread(beside, changes), least) << id.name() << ": a direction beside the mean is nearer to all";
    }
  }
}

TEST(Karcher, OfTwoIsSlerpHalfWayWhereTheyAreOfOneLength) {
  auto contributions = random_contributions(2, 226);
  for (const auto id : modules) {
    auto& second = std::get<llm::LowRank>(contributions[1].delta.at(id));
    const auto first = llm::dense(contributions[0].delta.at(id));
    second.b = second.b * (first.norm() / llm::dense(second).norm());
  }
  const auto half = fused_by("slerp", {}, contributions);
  const auto mean = fused_by("karcher", {}, contributions);
  for (const auto id : modules)
    expect_near(mean.at(id), testing::numbers_of(llm::dense(half.at(id))), tolerance, id.name());
}

TEST(Karcher, OfThreeAxesIsTheirDiagonal) {
  std::vector<at::Tensor> axes;
  for (const std::int64_t axis : {0, 1, 2}) {
    axes.push_back(at::zeros({1, 3}));
    axes.back()[0][axis] = static_cast<double>(axis + 1);
  }
  const auto fused = fused_by("karcher", {}, by_hand(axes, {1, 5, 9}));
  expect_near(fused.at(testing::q0), Numbers(3, 2 / std::sqrt(3.0)), 1e-6, "lengths 1, 2, 3 and whatever weights");
}

TEST(Karcher, OfOppositesIsTheFirstDirection) {
  const auto x = at::tensor({3.0, 4.0}).reshape({1, 2});
  const auto fused = fused_by("karcher", {}, by_hand({x, -x, at::zeros({1, 2})}, {1, 1, 1}));
  expect_near(fused.at(testing::q0), {3, 4}, 1e-6, "and a change that is zero");
}

}  // namespace
}  // namespace edgefuse::server
