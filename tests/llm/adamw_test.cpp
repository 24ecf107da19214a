#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "llm/adamw.hpp"

namespace edgefuse::llm {
namespace {

TEST(AdamW, TakesAWholeStepAgainstTheFirstGradientWhateverItsSize) {
  AdamW<double> optimiser{{.learning_rate = 0.1}, 3};
  std::vector<double> values = {1, 1, 1};
  const std::vector<double> gradients = {1e-3, -50, 0};
  optimiser.step(values, gradients, 1, 0.1);
  EXPECT_NEAR(values[0], 0.9, 2e-6) << "epsilon is 1e-5 of this gradient";
  EXPECT_NEAR(values[1], 1.1, 1e-9);
  EXPECT_EQ(values[2], 1);
}

// By hand with beta1 0.5, beta2 0.75: m = 1, 1.5; v = 1, 1.75; corrections 0.5, 0.75 and 0.25, 0.4375.
TEST(AdamW, CorrectsBothMomentsForTheirStart) {
  TrainingOptions options;
  options.beta1 = 0.5;
  options.beta2 = 0.75;
  options.epsilon = 0;
  AdamW<double> optimiser{options, 1};
  std::vector<double> value = {0};
  const std::vector<double> gradient = {2};
  optimiser.step(value, gradient, 1, 1);
  EXPECT_DOUBLE_EQ(value[0], -1);
  optimiser.step(value, std::vector<double>{-1}, 1, 1);
  const double m = 0.5 * 1 + 0.5 * -1;
  const double v = 0.75 * 1 + 0.25 * 1;
  EXPECT_DOUBLE_EQ(value[0], -1 - (m / 0.75) / std::sqrt(v / 0.4375));
}

// torch.optim.AdamW's betas are doubles: 1 - 0.999 is 1e-3, not what remains of it after rounding 0.999 to float32.
TEST(AdamW, KeepsTheDigitsOfItsBetasInSinglePrecision) {
  TrainingOptions options;
  options.beta2 = 0.999;
  options.epsilon = 0;
  AdamW<float> optimiser{options, 1};
  std::vector<float> value = {0};
  optimiser.step(value, std::vector<float>{1}, 1, 1);
  optimiser.step(value, std::vector<float>{3}, 1, 1);
  const double m = (0.09 * 1 + 0.1 * 3) / (1 - 0.81);
  const double v = (0.999 * 0.001 * 1 + 0.001 * 9) / (1 - 0.999 * 0.999);
  EXPECT_NEAR(value[0], -1 - m / std::sqrt(v), 5e-7);
}

TEST(AdamW, DecaysWeightsApartFromTheGradient) {
  TrainingOptions options;
  options.weight_decay = 0.5;
  AdamW<float> optimiser{options, 2};
  std::vector<float> values = {8, -4};
  optimiser.step(values, std::vector<float>{0, 0}, 1, 0.1);
  EXPECT_FLOAT_EQ(values[0], 8 * 0.95F);
  EXPECT_FLOAT_EQ(values[1], -4 * 0.95F);
}

TEST(AdamW, ClipsLikeTorch) {
  EXPECT_DOUBLE_EQ(norm(std::vector<double>{3, 4}), 5);
  EXPECT_DOUBLE_EQ(norm(std::vector<float>{3, 4}), 5);
  EXPECT_EQ(clip_factor(5, std::nullopt), 1);
  EXPECT_EQ(clip_factor(0.5, 1.0), 1);
  EXPECT_DOUBLE_EQ(clip_factor(5, 1.0), 1 / (5 + 1e-6));
  EXPECT_LT(clip_factor(1, 1.0), 1) << "torch's epsilon clips a norm that just fits";
}

TEST(AdamW, NoticesGradientsThatAreNotFinite) {
  EXPECT_FALSE(std::isfinite(norm(std::vector<float>{1, std::nanf("")})));
  EXPECT_FALSE(std::isfinite(norm(std::vector<float>(20, INFINITY))));
  EXPECT_TRUE(std::isfinite(norm(std::vector<float>{3e38F, 3e38F}))) << "its square does not fit a float";
}

}  // namespace
}  // namespace edgefuse::llm
