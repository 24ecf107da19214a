#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "server/optimiser/server_optimiser.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::q0;

/// One number's way through the rounds, by the formulas.
struct ByHand {
  double m = 0;
  double v = 0;

  double avgm(double delta, double rate, double momentum) {
    m = momentum * m + delta;
    return rate * m;
  }
  double adaptive(const std::string& method, double delta) {
    constexpr double rate = 0.1;
    constexpr double beta1 = 0.8;
    constexpr double beta2 = 0.95;
    constexpr double tau = 0.01;
    if (m == 0 && v == 0) v = tau * tau;
    m = beta1 * m + (1 - beta1) * delta;
    const double square = delta * delta;
    if (method == "fedadagrad") v += square;
    if (method == "fedadam") v = beta2 * v + (1 - beta2) * square;
    if (method == "fedyogi") v -= (1 - beta2) * square * (v > square ? 1 : v < square ? -1 : 0);
    return rate * m / (std::sqrt(v) + tau);
  }
};

Parameters adaptive_parameters(const std::string& method) {
  Parameters parameters = {{"rate", 0.1}, {"beta1", 0.8}, {"tau", 0.01}};
  if (method != "fedadagrad") parameters["beta2"] = 0.95;
  return parameters;
}

llm::ModelDelta change_of(float x, float y) {
  return {{q0, llm::Dense{at::tensor({x, y}).reshape({1, 2})}}};
}

const std::vector<std::pair<float, float>> rounds = {{0.3F, -1}, {0.1F, 2}, {-0.5F, 0}, {0, 0.01F}};

TEST(ServerOptimiser, NoneIsTheChangeItself) {
  const auto change = testing::random_contributions(1, 5).front().delta;
  const auto step = server_optimisers().make("none")->step({}, change);
  EXPECT_TRUE(testing::same_bits(step.change, change));
}

TEST(ServerOptimiser, MomentumFollowsItsFormula) {
  const auto optimiser = server_optimisers().make("fedavgm", {{"rate", 0.5}, {"momentum", 0.7}});
  ByHand x;
  ByHand y;
  OptimiserState state;
  for (const auto& [dx, dy] : rounds) {
    auto step = optimiser->step(state, change_of(dx, dy));
    const auto moved = llm::dense(step.change.at(q0));
    EXPECT_NEAR(moved[0][0].item<double>(), x.avgm(dx, 0.5, 0.7), 1e-6);
    EXPECT_NEAR(moved[0][1].item<double>(), y.avgm(dy, 0.5, 0.7), 1e-6);
    state = std::move(step.state);
  }
}

TEST(ServerOptimiser, AdaptiveOnesFollowAlgorithmTwo) {
  for (const std::string method : {"fedadagrad", "fedadam", "fedyogi"}) {
    const auto optimiser = server_optimisers().make(method, adaptive_parameters(method));
    ByHand x;
    ByHand y;
    OptimiserState state;
    for (const auto& [dx, dy] : rounds) {
      auto step = optimiser->step(state, change_of(dx, dy));
      const auto moved = llm::dense(step.change.at(q0));
      EXPECT_NEAR(moved[0][0].item<double>(), x.adaptive(method, dx), 1e-5) << method;
      EXPECT_NEAR(moved[0][1].item<double>(), y.adaptive(method, dy), 1e-5) << method;
      state = std::move(step.state);
    }
  }
}

TEST(ServerOptimiser, JudgingAStepDoesNotTakeIt) {
  const auto optimiser = server_optimisers().make("fedadam");
  const auto first = optimiser->step({}, change_of(1, -1));
  const auto once = optimiser->step(first.state, change_of(0.5F, 2));
  const auto again = optimiser->step(first.state, change_of(0.5F, 2));
  EXPECT_TRUE(testing::same_bits(once.change, again.change));
}

TEST(ServerOptimiser, AModuleThatNobodyChangedKeepsItsMomentum) {
  const auto optimiser = server_optimisers().make("fedavgm", {{"momentum", 0.5}});
  const auto first = optimiser->step({}, change_of(4, -2));
  const auto second = optimiser->step(first.state, {});
  EXPECT_TRUE(at::equal(llm::dense(second.change.at(q0)), at::tensor({2.F, -1.F}).reshape({1, 2})));
}

}  // namespace
}  // namespace edgefuse::server
