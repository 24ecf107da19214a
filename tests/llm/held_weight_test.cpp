#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "llm/held_weight.hpp"
#include "llm/training.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

at::Tensor normal_matrix(std::int64_t rows, std::int64_t cols) {
  sim::Draws draws{{.seed = 8, .domain = sim::Domain::test}};
  at::Tensor matrix = at::empty({rows, cols}, at::kFloat);
  for (std::int64_t i = 0; i < rows * cols; ++i)
    matrix.data_ptr<float>()[i] = static_cast<float>(draws.normal());
  return matrix;
}

at::Tensor back(const HeldWeight& held) {
  const at::Tensor dense = at::empty({held.rows(), held.cols}, at::kFloat);
  dequantise(held, MatrixView<float>{dense.data_ptr<float>(), held.rows(), held.cols, held.cols});
  return dense;
}

class Quantiser : public ::testing::TestWithParam<Quantisation> {};
INSTANTIATE_TEST_SUITE_P(All, Quantiser, ::testing::Values(Quantisation::int8, Quantisation::nf4),
                         [](const auto& chosen) { return chosen.param == Quantisation::int8 ? "Int8" : "Nf4"; });

TEST_P(Quantiser, KeepsTheLargestMagnitudeOfEveryBlockAndZero) {
  at::Tensor matrix = normal_matrix(3, 150);
  matrix[1][70] = -9.25;
  matrix[1][71] = 0;
  matrix[2].zero_();
  const at::Tensor result = back(quantised(matrix, GetParam()));
  EXPECT_EQ(result[1][70].item<float>(), -9.25F);
  EXPECT_EQ(result[1][71].item<float>(), 0);
  EXPECT_TRUE(result[2].equal(matrix[2])) << "a row of zeros has no scale";
}

TEST_P(Quantiser, IsOffByHalfAStepAtMost) {
  const at::Tensor matrix = normal_matrix(5, 150);
  const at::Tensor result = back(quantised(matrix, GetParam()));
  // Half of int8's step; half of nf4's widest gap, between -1 and -0.696.
  const double most = GetParam() == Quantisation::int8 ? 0.5 / 127 : 0.5 * (1 - 0.6961928);
  for (std::int64_t row = 0; row < 5; ++row) {
    for (std::int64_t begin = 0; begin < 150; begin += quantisation_block) {
      const std::int64_t count = std::min<std::int64_t>(quantisation_block, 150 - begin);
      const at::Tensor block = matrix[row].narrow(0, begin, count);
      const double off = (result[row].narrow(0, begin, count) - block).abs().max().item<double>();
      EXPECT_LE(off, 1.0001 * most * block.abs().max().item<double>());
      EXPECT_GT(off, 0) << "nothing was quantised";
    }
  }
}

TEST_P(Quantiser, GivesALeadingPartWhatTheWholeHas) {
  const at::Tensor matrix = normal_matrix(7, 201);
  const HeldWeight whole = quantised(matrix, GetParam());
  const HeldWeight part = leading(whole, 4, 77);
  EXPECT_TRUE(back(part).equal(back(whole).narrow(0, 0, 4).narrow(1, 0, 77)));
  EXPECT_EQ(part.numbers.data_ptr(), whole.numbers.data_ptr()) << "no copy";
}

TEST_P(Quantiser, RoundsToBf16AsTorchDoes) {
  const HeldWeight held = quantised(normal_matrix(4, 130), GetParam());
  const at::Tensor rounded = at::empty({4, 130}, at::kBFloat16);
  dequantise(held, MatrixView<c10::BFloat16>{rounded.data_ptr<c10::BFloat16>(), 4, 130, 130});
  EXPECT_TRUE(rounded.equal(back(held).to(at::kBFloat16)));
}

TEST_P(Quantiser, TrainsAsOnAModelOfTheNumbersItKeeps) {
  const Model model = random_model(rich_config(), 71);
  Model dense = model;
  for (Layer& layer : dense.layers)
    for (const Projection p : all_projections)
      layer.projection(p).weight = back(quantised(layer.projection(p).weight, GetParam()));
  const TrainingJob job{random_adapter(uneven_variant(model), all_targets),
                        {random_batch(model.config, {12, 7}, 0.5, 1), random_batch(model.config, {9}, 0.5, 2)}};
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    const TrainingOptions options{.precision = precision};
    const Model held = uneven_variant(hold(model, precision, GetParam()));
    const auto on_held = train_gang(held, {&job, 1}, options).front();
    const auto on_dense = train_gang(uneven_variant(dense), {&job, 1}, options).front();
    EXPECT_EQ(on_held.losses, on_dense.losses);
    EXPECT_EQ(relative_difference(on_held.adapter, on_dense.adapter), 0);
  }
}

TEST(Nf4, MapsItsSixteenValuesToThemselves) {
  const std::vector<float> values = {-1.0F,        -0.69619280F, -0.52507305F, -0.39491749F, -0.28444138F, -0.18477343F,
                                     -0.09105004F, 0.0F,         0.07958030F,  0.16093020F,  0.24611230F,  0.33791524F,
                                     0.44070983F,  0.56261700F,  0.72295684F,  1.0F};
  const at::Tensor row = at::tensor(values).unsqueeze(0);
  EXPECT_LT((back(quantised(row, Quantisation::nf4)) - row).abs().max().item<double>(), 1e-7);
}

TEST(Hold, RoundsOnceForAllVariants) {
  const Model model = random_model(rich_config(), 72);
  const Model held = hold(model, Precision::bf16);
  const Model variant = uneven_variant(held);
  EXPECT_EQ(variant.layers[0].down.held.numbers.data_ptr(), held.layers[0].down.held.numbers.data_ptr()) << "no copy";
  EXPECT_EQ(variant.layers[0].down.held.numbers.size(1), variant.layers[0].down.in());
  const TrainingJob job{random_adapter(variant, all_targets), {random_batch(model.config, {12, 7}, 0.5, 1)}};
  const TrainingOptions options{.precision = Precision::bf16};
  EXPECT_EQ(train_gang(variant, {&job, 1}, options).front().losses,
            train_gang(uneven_variant(model), {&job, 1}, options).front().losses)
      << "rounding before slicing is rounding after it";
}

TEST(Hold, OfAnExactBaseIsTheBase) {
  const Model model = random_model(rich_config(), 73);
  EXPECT_FALSE(hold(model, Precision::fp32).layers[0].q.held.defined());
}

TEST(HeldWeight, CountsTheBytesOfNumbersAndScales) {
  EXPECT_DOUBLE_EQ(bytes_each(Quantisation::int8), 1 + 4.0 / 64);
  EXPECT_DOUBLE_EQ(bytes_each(Quantisation::nf4), 0.5 + 4.0 / 64);
}

}  // namespace
}  // namespace edgefuse::llm
