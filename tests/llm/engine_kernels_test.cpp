#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ATen.h>

#include "llm/engine/kernels.hpp"
#include "llm/engine/vectorised.hpp"

namespace edgefuse::llm::engine {
namespace {

template <class T>
MatrixView<T> view(const at::Tensor& tensor) {
  return {tensor.data_ptr<T>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

at::Tensor waves(std::int64_t rows, std::int64_t cols, double size) {
  return (at::arange(rows * cols, at::TensorOptions().dtype(at::kDouble)) * 1.7).sin().view({rows, cols}).mul(size);
}

double largest(const at::Tensor& x) {
  return x.abs().max().item<double>();
}

TEST(Exponential, IsRightToTwoUnitsInTheLastPlace) {
  double worst = 0;
  for (float x = -86.9F; x < 86.9F; x += 0.0137F) {
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(static_cast<double>(exponential(x)) - exact) / exact);
  }
  EXPECT_LT(worst, 2 * static_cast<double>(std::numeric_limits<float>::epsilon()));
  EXPECT_EQ(exponential(0.0F), 1.0F);
}

TEST(Exponential, StaysFiniteAtTheEndsAndPassesNaNOn) {
  EXPECT_TRUE(std::isfinite(exponential(std::numeric_limits<float>::infinity())));
  EXPECT_LT(exponential(-std::numeric_limits<float>::infinity()), 1e-37F);
  EXPECT_TRUE(std::isnan(exponential(std::nanf(""))));
}

TEST(LaneSums, AddUpWhateverTheLength) {
  for (std::int64_t n = 1; n < 70; ++n) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i)
      values[static_cast<std::size_t>(i)] = static_cast<float>((i * 7) % n);
    const auto sum = lane_sum<float>(n, [&](std::int64_t i) { return values[static_cast<std::size_t>(i)]; });
    double expected = 0;
    float greatest = values[0];
    for (const float value : values) {
      expected += static_cast<double>(value);
      greatest = std::max(greatest, value);
    }
    EXPECT_EQ(static_cast<double>(sum), expected) << n;
    EXPECT_EQ(lane_max(n, values.data()), greatest) << n;
  }
}

TEST(CrossEntropy, IsThatOfATenForLargeLogitsToo) {
  for (const double size : {1.0, 60.0}) {
    const at::Tensor logits = waves(5, 37, size).to(at::kFloat);
    const std::vector<std::int64_t> targets = {0, 36, 5, 17, 2};
    const at::Tensor log_p = at::log_softmax(logits.to(at::kDouble), -1);
    const std::vector<double> weights = {0.5, 0.25, 1, 2, 0};
    const at::Tensor gradient = logits.clone();
    std::vector<double> nll(5);
    cross_entropy(view<float>(gradient), targets.data(), weights.data(), nll.data());
    for (std::int64_t row = 0; row < 5; ++row) {
      const auto i = static_cast<std::size_t>(row);
      EXPECT_NEAR(nll[i], -log_p[row][targets[i]].item<double>(), 1e-5 * size);
      at::Tensor expected = log_p[row].exp() * weights[i];
      expected[targets[i]] -= weights[i];
      EXPECT_LT(largest(gradient[row] - expected), 1e-6);
    }
    std::vector<double> again(5);
    cross_entropy(view<float>(logits), targets.data(), nullptr, again.data());
    EXPECT_EQ(again, nll);
  }
}

TEST(CrossEntropy, LeavesItsGradientRoundedInTheMemoryOfTheLogits) {
  for (const std::int64_t width : {1, 63, 64, 65, 200}) {
    const at::Tensor exact = waves(4, width, 9).to(at::kFloat);
    const at::Tensor logits = exact.clone();
    const std::vector<std::int64_t> targets = {0, width - 1, width / 2, width / 3};
    const std::vector<double> weights = {0.5, 0.25, 1, 2};
    std::vector<double> nll(4);
    std::vector<double> rounded_nll(4);
    cross_entropy(view<float>(exact), targets.data(), weights.data(), nll.data());
    const auto rounded = cross_entropy_to_bf16(view<float>(logits), targets.data(), weights.data(), rounded_nll.data());
    EXPECT_EQ(rounded_nll, nll) << width;
    for (std::int64_t i = 0; i < 4; ++i)
      for (std::int64_t j = 0; j < width; ++j)
        EXPECT_EQ(rounded.row(i)[j].x, bf16_bits(exact[i][j].item<float>()))
            << "row " << i << ", column " << j << " of " << width;
  }
}

TEST(CausalSoftmax, SeesNothingBehindItsPosition) {
  const at::Tensor scores = waves(3, 21, 8).to(at::kFloat);
  const std::vector<std::int64_t> positions = {0, 11, 20};
  const at::Tensor p = scores.clone();
  std::vector<float> log_sums(6);
  causal_softmax(view<float>(p), positions.data(), log_sums.data(), 2);
  for (std::int64_t row = 0; row < 3; ++row) {
    const std::int64_t seen = positions[static_cast<std::size_t>(row)] + 1;
    EXPECT_LT(largest(p[row].slice(0, 0, seen) - at::softmax(scores[row].slice(0, 0, seen), 0)), 1e-6);
    EXPECT_EQ(p[row].slice(0, seen).count_nonzero().item<std::int64_t>(), 0);
    EXPECT_NEAR(log_sums[2 * static_cast<std::size_t>(row)],
                at::logsumexp(scores[row].slice(0, 0, seen), 0).item<float>(), 1e-5);
  }
}

TEST(CausalSoftmax, OfOneScoreHasNoGradientWhateverRoundingSays) {
  at::Tensor scores = at::full({1, 3}, 0.3F);
  at::Tensor gradient = at::full({1, 3}, 1.7F);
  const std::vector<std::int64_t> first = {0};
  const float log_sum = 0.3F;
  const float mixed = std::nextafter(1.7F, 2.0F);
  causal_softmax_backward(view<float>(scores), view<float>(gradient), first.data(), &log_sum, 1, &mixed, 0.5F);
  EXPECT_EQ(largest(gradient), 0);
}

TEST(RmsNorm, OfSquaresThatOverflowIsNoNumber) {
  at::Tensor x = at::ones({2, 8});
  x[1].fill_(1e30F);
  at::Tensor y = at::zeros({2, 8});
  const std::vector<float> weight(8, 1.0F);
  std::vector<float> inverse(2);
  rms_norm(MatrixView<const float>{x.data_ptr<float>(), 2, 8, 8}, weight.data(), 1e-5, view<float>(y), inverse.data());
  EXPECT_NEAR(y[0][0].item<float>(), 1, 1e-5);
  EXPECT_TRUE(y[1].isnan().all().item<bool>()) << y;
}

TEST(Rotation, IsUndoneByTurningBack) {
  const at::Tensor x = waves(4, 18, 1);
  const at::Tensor angles = waves(9, 3, 2);
  const at::Tensor cos = angles.cos();
  const at::Tensor sin = angles.sin();
  const std::vector<std::int64_t> positions = {8, 0, 3, 5};
  const at::Tensor turned = x.clone();
  rotate(view<double>(turned), positions, view<double>(cos), view<double>(sin), Turn::forth);
  EXPECT_GT(largest(turned - x), 0.1);
  rotate(view<double>(turned), positions, view<double>(cos), view<double>(sin), Turn::back);
  EXPECT_LT(largest(turned - x), 1e-14);
}

TEST(SwiGlu, InSinglePrecisionIsThatOfATen) {
  const at::Tensor gate = waves(3, 29, 20).to(at::kFloat);
  const at::Tensor up = waves(3, 29, 3).flip(1).to(at::kFloat);
  const at::Tensor y = at::empty_like(gate);
  swiglu(view<float>(gate), view<float>(up), view<float>(y));
  EXPECT_LT(largest(y - at::silu(gate) * up), 1e-5);
}

}  // namespace
}  // namespace edgefuse::llm::engine
