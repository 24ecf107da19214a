#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "llm/rope.hpp"
#include "sim/error.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::rich_config;
using testing::small_config;

double at_index(const at::Tensor& tensor, std::int64_t i) {
  return tensor[i].item<double>();
}

TEST(Rope, TurnsFasterInTheFirstComponents) {
  ModelConfig config = small_config();
  config.rope_theta = 100;
  const at::Tensor frequencies = rope_frequencies(config);
  ASSERT_EQ(frequencies.size(0), 3);
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(at_index(frequencies, i), std::pow(100.0, -static_cast<double>(2 * i) / 6), 1e-7);
  const RopeTables tables = rope_tables(config, 5, at::kDouble);
  EXPECT_EQ(tables.cos.sizes(), (std::vector<std::int64_t>{5, 3}));
  EXPECT_NEAR(tables.cos[3][1].item<double>(), std::cos(3 * std::pow(100.0, -1.0 / 3)), 1e-6);
  EXPECT_NEAR(tables.sin[4][0].item<double>(), std::sin(4.0), 1e-6);
}

TEST(Rope, ScalesLinearlyByDividingPositions) {
  ModelConfig config = small_config();
  const at::Tensor plain = rope_frequencies(config);
  config.rope_scaling = LinearRopeScaling{.factor = 4};
  EXPECT_TRUE(rope_frequencies(config).allclose(plain / 4));
}

// Llama 3.1's own numbers: wavelengths below 8192 / 4 stay, above 8192 they are stretched by 8.
TEST(Rope, ScalesLlama3ByWavelength) {
  ModelConfig config = small_config();
  config.head_dim = 128;
  config.rope_theta = 500000;
  const at::Tensor plain = rope_frequencies(config);
  config.rope_scaling = Llama3RopeScaling{};
  const at::Tensor scaled = rope_frequencies(config);
  int kept = 0;
  int stretched = 0;
  for (std::int64_t i = 0; i < 64; ++i) {
    const double wavelength = 2 * M_PI / at_index(plain, i);
    const double ratio = at_index(scaled, i) / at_index(plain, i);
    if (wavelength < 2048) {
      EXPECT_EQ(ratio, 1) << i;
      ++kept;
    } else if (wavelength > 8192) {
      EXPECT_NEAR(ratio, 0.125, 1e-7) << i;
      ++stretched;
    } else {
      const double blend = (8192 / wavelength - 1) / 3;
      EXPECT_NEAR(ratio, (1 - blend) / 8 + blend, 1e-6) << i;
    }
  }
  EXPECT_GT(kept, 20);
  EXPECT_GT(stretched, 20);
  EXPECT_LT(kept + stretched, 64);
}

TEST(Reference, PredictsNothingFromTheFuture) {
  const at::NoGradGuard no_grad;
  const Model model = random_model(rich_config(), 51, at::kDouble);
  const at::Tensor ids = at::arange(11).unsqueeze(0);
  at::Tensor other = ids.clone();
  other[0][7] = 0;
  const at::Tensor difference =
      (reference_logits(model, nullptr, ids) - reference_logits(model, nullptr, other)).abs().amax(-1)[0];
  EXPECT_EQ(difference.slice(0, 0, 7).max().item<double>(), 0);
  EXPECT_GT(difference.slice(0, 7).min().item<double>(), 0);
}

TEST(Reference, RefusesWhatTheModelCannotRead) {
  ModelConfig config = small_config();
  config.sliding_window = 20;
  const Model model = random_model(config, 52);
  EXPECT_THROW(static_cast<void>(reference_logits(model, nullptr, at::full({1, 3}, 17))), InputError);
  EXPECT_THROW(static_cast<void>(reference_logits(model, nullptr, at::full({1, 3}, -1))), InputError);
  EXPECT_THROW(static_cast<void>(reference_logits(model, nullptr, at::ones({1, 21}, at::kLong))), InputError);
  EXPECT_NO_THROW(static_cast<void>(reference_logits(model, nullptr, at::ones({1, 20}, at::kLong))));
  EXPECT_THROW(check_length(small_config(), 65), InputError);
}

TEST(Reference, DifferentiatesWithRespectToWeights) {
  Model model = random_model(small_config(), 53, at::kDouble);
  at::Tensor& weight = model.layers[0].k.weight;
  weight.requires_grad_();
  const at::Tensor ids = at::arange(9).unsqueeze(0);
  reference_loss(reference_logits(model, nullptr, ids), ids).backward();
  const double gradient = weight.grad()[2][5].item<double>();
  const auto loss_at = [&](double change) {
    const at::NoGradGuard no_grad;
    Model moved = model;
    moved.layers[0].k.weight = weight.detach().clone();
    moved.layers[0].k.weight[2][5] += change;
    return reference_loss(reference_logits(moved, nullptr, ids), ids).item<double>();
  };
  EXPECT_NEAR(gradient, (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5, 1e-9);
  EXPECT_NE(gradient, 0);
}

}  // namespace
}  // namespace edgefuse::llm
