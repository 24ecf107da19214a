#include "clients/control_variates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/ATen.h>

#include "llm/schedule.hpp"
#include "sim/random.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::clients {
namespace {

using llm::FactorGradient;

const llm::ModuleId module_q{.layer = 1, .projection = llm::Projection::q};
constexpr FactorsHeld whole{.variant = 0, .rank = 3};

at::Tensor random_matrix(std::int64_t rows, std::int64_t columns, std::uint32_t stream) {
  sim::Draws draws{{.seed = 3, .domain = sim::Domain::test, .round = stream}};
  auto matrix = at::empty({rows, columns}, at::kFloat);
  for (std::int64_t i = 0; i < matrix.numel(); ++i)
    matrix.data_ptr<float>()[i] = static_cast<float>(draws.normal());
  return matrix;
}

/// One module of 5 rows and 4 columns, rank 3, scale 7/3.
llm::Adapter adapter_of(std::uint32_t stream) {
  return {.spec = {.rank = 3, .alpha = 7, .targets = {llm::Projection::q}},
          .modules = {{module_q, {.a = random_matrix(3, 4, stream), .b = random_matrix(5, 3, stream + 1)}}}};
}
FactorGradient gradient_of(std::uint32_t stream) {
  return adapter_of(stream).modules;
}

/// max |x - f(i, j)|.
template <class F>
double off(const at::Tensor& x, const F& f) {
  double most = 0;
  for (std::int64_t i = 0; i < x.size(0); ++i)
    for (std::int64_t j = 0; j < x.size(1); ++j)
      most = std::max(most, std::abs(x[i][j].item<double>() - f(i, j)));
  return most;
}
double at_place(const at::Tensor& x, std::int64_t i, std::int64_t j) {
  return x[i][j].item<double>();
}

TEST(ControlVariates, AreWhatTheStepsAddUpToLessTheCorrection) {
  const auto x = adapter_of(1);
  const auto y = adapter_of(3);
  const auto c = gradient_of(5);
  ControlVariates variates;
  const auto none = variates.correction(8, whole, {});
  EXPECT_TRUE(none.empty()) << "both are zero";
  variates.renew(8, whole, {.initial = x, .trained = y, .correction = none, .rates = 0.4});
  const auto first = variates.of(8, whole)->at(module_q);
  const auto correction = variates.correction(8, whole, c);
  const auto& of_c = c.at(module_q);
  EXPECT_EQ(off(correction.at(module_q).a, [&](auto i, auto j) {
              return static_cast<double>(of_c.a[i][j].template item<float>() - first.a[i][j].template item<float>());
            }),
            0);
  variates.renew(8, whole, {.initial = y, .trained = x, .correction = correction, .rates = 0.25});
  const auto second = variates.of(8, whole)->at(module_q);
  const auto& from = x.modules.at(module_q);
  const auto& to = y.modules.at(module_q);
  const double s = 7.0 / 3;
  EXPECT_LT(off(first.a, [&](auto i, auto j) { return (at_place(from.a, i, j) - at_place(to.a, i, j)) / 0.4; }), 1e-6);
  EXPECT_LT(off(first.b, [&](auto i, auto j) { return (at_place(from.b, i, j) - at_place(to.b, i, j)) / 0.4 / s; }),
            1e-6)
      << "with respect to s·B";
  EXPECT_LT(off(second.a,
                [&](auto i, auto j) {
                  return at_place(first.a, i, j) - at_place(of_c.a, i, j) +
                         (at_place(to.a, i, j) - at_place(from.a, i, j)) / 0.25;
                }),
            4e-6);
  EXPECT_LT(off(second.b,
                [&](auto i, auto j) {
                  return at_place(first.b, i, j) - at_place(of_c.b, i, j) +
                         (at_place(to.b, i, j) - at_place(from.b, i, j)) / 0.25 / s;
                }),
            4e-6);
}

TEST(ControlVariates, OfFactorsThatDidNotMoveStay) {
  const auto x = adapter_of(1);
  const auto y = adapter_of(3);
  ControlVariates variates;
  variates.renew(0, whole, {.initial = x, .trained = y, .correction = {}, .rates = 1});
  const auto before = variates.of(0, whole)->at(module_q);
  variates.renew(0, whole, {.initial = y, .trained = x, .correction = {}, .rates = 1, .moved = llm::Factors::b});
  EXPECT_TRUE(at::equal(variates.of(0, whole)->at(module_q).a, before.a));
  EXPECT_FALSE(at::equal(variates.of(0, whole)->at(module_q).b, before.b));
  variates.renew(4, whole, {.initial = x, .trained = y, .correction = {}, .rates = 1, .moved = llm::Factors::b});
  EXPECT_EQ(variates.of(4, whole)->at(module_q).a.abs().max().item<double>(), 0) << "there was none";
}

TEST(ControlVariates, OfOtherFactorsAreNone) {
  const auto x = adapter_of(1);
  const auto y = adapter_of(3);
  const auto c = gradient_of(5);
  ControlVariates variates;
  variates.renew(2, whole, {.initial = x, .trained = y, .correction = {}, .rates = 1});
  EXPECT_EQ(variates.factors(2), whole);
  EXPECT_EQ(variates.factors(3), std::nullopt);
  for (const FactorsHeld other : {FactorsHeld{.variant = 0, .rank = 2}, FactorsHeld{.variant = 1, .rank = 3}}) {
    EXPECT_EQ(variates.of(2, other), nullptr);
    EXPECT_TRUE(at::equal(variates.correction(2, other, c).at(module_q).b, c.at(module_q).b)) << "c - 0";
  }
  EXPECT_TRUE(at::equal(variates.correction(3, whole, c).at(module_q).a, c.at(module_q).a)) << "somebody else's";
}

/// Σ η_t·g_t / Σ η_t with g_t the clipped gradient where step t began, by autograd.
TEST(ControlVariates, AreTheMeanGradientOfTheClientsOwnLossWhateverItWasCorrectedBy) {
  using namespace llm::testing;
  const auto model = random_model(rich_config(), 81, at::kDouble);
  llm::TrainingJob job{random_adapter(model, all_targets),
                       {random_batch(model.config, {12, 7}, 0.5, 1), random_batch(model.config, {9, 15}, 0.5, 2),
                        random_batch(model.config, {8}, 0.5, 3)}};
  const llm::TrainingOptions options{
      .optimiser = llm::Optimiser::sgd, .learning_rate = 0.2, .schedule = llm::Schedule::cosine, .clip_norm = 0.1};
  job.correction = random_adapter(model, all_targets, 9).modules;
  for (auto& [id, factors] : job.correction)
    factors = {.a = factors.a * 0.02, .b = factors.b * 0.02};
  auto in_units_of_the_change = job.correction;
  for (auto& [id, factors] : in_units_of_the_change)
    factors.b = factors.b / job.initial.spec.scale();

  ControlVariates variates;
  const auto trained = llm::train_gang(model, {&job, 1}, options).front().adapter;
  variates.renew(0, whole,
                 {.initial = job.initial,
                  .trained = trained,
                  .correction = in_units_of_the_change,
                  .rates = llm::summed_rates(options, 3)});

  auto x = job.initial;
  llm::Adapter mean{x.spec, {}};
  double rates = 0;
  for (std::int64_t step = 0; step < 3; ++step) {
    const double rate = llm::rate_at(options, step, 3);
    rates += rate;
    const auto gradients = autograd_gradients(model, x, job.steps[static_cast<std::size_t>(step)]).by_module;
    double squares = 0;
    for (const auto& [id, g] : gradients.modules)
      squares += g.a.square().sum().item<double>() + g.b.square().sum().item<double>();
    const double clip = std::min(1.0, 0.1 / (std::sqrt(squares) + 1e-6));
    for (const auto& [id, g] : gradients.modules) {
      auto& m = mean.modules[id];
      m.a = m.a.defined() ? m.a + rate * clip * g.a : rate * clip * g.a;
      m.b = m.b.defined() ? m.b + rate * clip * g.b : rate * clip * g.b;
      auto& own = x.modules.at(id);
      own = {.a = own.a - rate * (clip * g.a + job.correction.at(id).a),
             .b = own.b - rate * (clip * g.b + job.correction.at(id).b)};
    }
  }
  for (auto& [id, factors] : mean.modules)
    factors = {.a = factors.a / rates, .b = factors.b / rates / job.initial.spec.scale()};
  EXPECT_LT(relative_difference({.spec = {}, .modules = *variates.of(0, whole)}, mean), 1e-6);
}

}  // namespace
}  // namespace edgefuse::clients
