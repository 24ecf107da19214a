#include <gtest/gtest.h>

#include <vector>

#include "llm/sgd.hpp"

namespace edgefuse::llm {
namespace {

TEST(Sgd, FollowsTheGradient) {
  Sgd<double> optimiser{{}, 2};
  std::vector<double> values = {1, -2};
  optimiser.step(values, std::vector<double>{4, -8}, 0.5, 0.1);
  EXPECT_DOUBLE_EQ(values[0], 0.8);
  EXPECT_DOUBLE_EQ(values[1], -1.6);
}

// By hand as torch.optim.SGD: the first velocity is the gradient itself.
TEST(Sgd, GathersVelocity) {
  Sgd<double> optimiser{{.momentum = 0.5}, 1};
  std::vector<double> value = {0};
  optimiser.step(value, std::vector<double>{1}, 1, 0.1);
  EXPECT_DOUBLE_EQ(value[0], -0.1);
  optimiser.step(value, std::vector<double>{2}, 1, 0.1);
  EXPECT_DOUBLE_EQ(value[0], -0.1 - 0.1 * 2.5);
}

TEST(Sgd, DecaysWeightsThroughTheGradientAsTorchDoes) {
  Sgd<float> optimiser{{.weight_decay = 0.5, .momentum = 0.9}, 1};
  std::vector<float> value = {8};
  optimiser.step(value, std::vector<float>{0}, 1, 0.1);
  EXPECT_FLOAT_EQ(value[0], 8 - 0.1F * 4);
}

}  // namespace
}  // namespace edgefuse::llm
