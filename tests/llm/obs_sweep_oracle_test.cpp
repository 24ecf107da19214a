#include "llm/pruning/obs_sweep.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "sim/random.hpp"
#include "tests/llm/naive_inverse.hpp"

// SparseGPT's update against closed forms: the optimal brain surgeon's solution, and least squares on the texts.
namespace edgefuse::llm {
namespace {

using testing::inverse;
using testing::numbers;
using testing::Rows;

constexpr double damping = 0.03;
constexpr std::int64_t out = 5, in = 9, block = 4;

at::Tensor random_matrix(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  auto matrix = at::empty({rows, cols}, at::kDouble);
  for (std::int64_t i = 0; i < matrix.numel(); ++i)
    matrix.data_ptr<double>()[i] = draws.normal();
  return matrix;
}

/// What the projection multiplies in three texts of four tokens, its channels correlated: [12, in].
at::Tensor inputs() {
  return at::mm(random_matrix(12, in, 1), random_matrix(in, in, 2));
}

InputGram gram_of(const at::Tensor& x) {
  InputGram gram;
  for (const auto& text : x.split(4))
    gram.add(text);
  return gram;
}

/// λ = damping · mean of the diagonal of 2/n · X'X, n = 3.
double added(const at::Tensor& x) {
  return damping * 2 / 3 * x.square().sum().item<double>() / static_cast<double>(in);
}

Rows hessian(const at::Tensor& x) {
  return numbers(2.0 / 3 * at::mm(x.t(), x) + added(x) * at::eye(in, at::kDouble));
}

/// The sweep when it is given all that goes.
at::Tensor swept(const at::Tensor& weight, const at::Tensor& x, const at::Tensor& zeros) {
  return obs_sweep(weight, inverse_curvature(gram_of(x), damping), {.pattern = {}, .ratio = 0}, zeros, block);
}

at::Tensor nothing() {
  return at::zeros({out, in}, at::kBool);
}

TEST(ObsSweep, TheFactorIsUpperTriangularAndItsSquareTheInverse) {
  const auto u = inverse_curvature(gram_of(inputs()), damping).factor;
  EXPECT_TRUE(at::equal(u, u.triu())) << u;
  const auto expected = inverse(hessian(inputs()), 0);
  const auto got = numbers(at::mm(u.t(), u));
  for (std::size_t i = 0; i < expected.size(); ++i)
    for (std::size_t j = 0; j < expected.size(); ++j)
      EXPECT_NEAR(got[i][j], expected[i][j], 1e-10) << i << ", " << j;
}

TEST(ObsSweep, WithNothingToZeroChangesNothing) {
  const auto weight = random_matrix(out, in, 3);
  EXPECT_TRUE(at::equal(swept(weight, inputs(), nothing()), weight));
}

/// w - w_p / [H^-1]_pp · H^-1[:, p], H being that of the columns from p on: of all columns for p = 0.
TEST(ObsSweep, OneZeroIsTheOptimalBrainSurgeons) {
  const auto weight = random_matrix(out, in, 3);
  const auto h = hessian(inputs());
  for (std::int64_t p = 0; p < in; ++p) {
    auto zeros = nothing();
    zeros[2][p].fill_(true);
    const auto inv = inverse(h, static_cast<std::size_t>(p));
    auto expected = weight.clone();
    for (std::int64_t k = p; k < in; ++k)
      expected[2][k] -= weight[2][p] / inv[0][0] * inv[0][static_cast<std::size_t>(k - p)];
    const auto got = swept(weight, inputs(), zeros);
    EXPECT_LT((got - expected).abs().max().item<double>(), 1e-10) << "column " << p;
    EXPECT_EQ(got[2][p].item<double>(), 0) << "column " << p;
  }
}

/// argmin over the columns `free` of ‖S (w - w')‖² where w' is 0 at `gone` and w elsewhere; S is √(2/n)·X above √λ·I,
/// so that this is the curvature's own quadratic form.
at::Tensor least_squares(const at::Tensor& w, const at::Tensor& x, const std::vector<std::int64_t>& gone,
                         const std::vector<std::int64_t>& free) {
  const auto stacked = at::cat({std::sqrt(2.0 / 3) * x, std::sqrt(added(x)) * at::eye(in, at::kDouble)});
  const auto lost = at::mv(stacked.index_select(1, at::tensor(gone)), w.index_select(0, at::tensor(gone)));
  auto result = w.index_fill(0, at::tensor(gone), 0);
  if (free.empty()) return result;
  const auto more = std::get<0>(at::linalg_lstsq(stacked.index_select(1, at::tensor(free)), lost.unsqueeze(1)));
  return result.index_add(0, at::tensor(free), more.squeeze(1));
}

std::vector<std::int64_t> columns(std::int64_t first, std::int64_t end) {
  std::vector<std::int64_t> all;
  for (auto j = first; j < end; ++j)
    all.push_back(j);
  return all;
}

/// One zero after another, each made up for by least squares over the weights to its right as they are by then.
TEST(ObsSweep, WithAGivenMaskIsLeastSquaresStepByStep) {
  const auto weight = random_matrix(out, in, 4);
  const auto zeros = random_matrix(out, in, 5).gt(0.2);
  auto expected = weight.clone();
  for (std::int64_t row = 0; row < out; ++row)
    for (std::int64_t j = 0; j < in; ++j)
      if (zeros[row][j].item<bool>())
        expected[row].copy_(least_squares(expected[row], inputs(), {j}, columns(j + 1, in)));
  ASSERT_GT(zeros.sum().item<std::int64_t>(), out);
  EXPECT_LT((swept(weight, inputs(), zeros) - expected).abs().max().item<double>(), 1e-10);
}

/// When what goes is to the left of all that stays, the steps together are the optimum at once.
TEST(ObsSweep, OfTheFirstColumnsIsTheOptimumOfAllAtOnce) {
  const auto weight = random_matrix(out, in, 6);
  for (std::int64_t gone = 1; gone < in; ++gone) {
    auto zeros = nothing();
    zeros.narrow(1, 0, gone).fill_(true);
    const auto got = swept(weight, inputs(), zeros);
    for (std::int64_t row = 0; row < out; ++row) {
      const auto expected = least_squares(weight[row], inputs(), columns(0, gone), columns(gone, in));
      EXPECT_LT((got[row] - expected).abs().max().item<double>(), 1e-9) << gone << " columns, row " << row;
    }
  }
}

TEST(ObsSweep, TheWidthOfABlockIsNoMatterToNOfMNorToAGivenMask) {
  const auto weight = random_matrix(out, 16, 7);
  const auto curvature = inverse_curvature(gram_of(random_matrix(12, 16, 8)), damping);
  const auto none = at::zeros({out, 16}, at::kBool);
  const auto sweep = [&](const SparsityPattern& pattern, const at::Tensor& zeros, std::int64_t width) {
    return obs_sweep(weight, curvature, {.pattern = pattern, .ratio = pattern.anywhere() ? 0 : 0.5}, zeros, width);
  };
  const auto mask = random_matrix(out, 16, 9).gt(0);
  for (const std::int64_t width : {1, 3, 4, 6, 16, 100}) {
    EXPECT_LT((sweep({.n = 2, .m = 4}, none, width) - sweep({.n = 2, .m = 4}, none, 128)).abs().max().item<double>(),
              1e-12)
        << width;
    EXPECT_LT((sweep({}, mask, width) - sweep({}, mask, 128)).abs().max().item<double>(), 1e-12) << width;
  }
}

/// A dead input counts as 1 in the mean that is added, keeps to itself, and its weights do nothing.
TEST(ObsSweep, DeadInputsLoseTheirWeightsAndChangeNoOthers) {
  auto x = inputs();
  x.select(1, 4).fill_(0);
  const auto curvature = inverse_curvature(gram_of(x), damping);
  EXPECT_EQ(curvature.dead.sum().item<std::int64_t>(), 1);
  EXPECT_TRUE(curvature.dead[4].item<bool>());
  const double mean = (2.0 / 3 * x.square().sum().item<double>() + 1) / static_cast<double>(in);
  EXPECT_NEAR(curvature.factor[4][4].item<double>(), 1 / std::sqrt(1 + damping * mean), 1e-12);
  auto weight = random_matrix(out, in, 3);
  const auto got = obs_sweep(weight, curvature, {}, nothing(), block);
  weight.select(1, 4).fill_(0);
  EXPECT_TRUE(at::equal(got, weight)) << got << "\nis not\n" << weight;
}

TEST(InputGram, IsTheSumOverTokensOfAllTexts) {
  const auto x = inputs();
  const auto gram = gram_of(x);
  EXPECT_EQ(gram.texts(), 3);
  const auto rows = numbers(x);
  for (std::int64_t j = 0; j < in; ++j)
    for (std::int64_t k = 0; k < in; ++k) {
      double sum = 0;
      for (const auto& row : rows)
        sum += row[static_cast<std::size_t>(j)] * row[static_cast<std::size_t>(k)];
      EXPECT_NEAR(gram.sum()[j][k].item<double>(), sum, 1e-9) << j << ", " << k;
    }
}

}  // namespace
}  // namespace edgefuse::llm
