#include "server/recovery/norm_a.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <variant>

#include <ATen/ATen.h>

#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::Sent;

const llm::ModuleId down1{.layer = 1, .projection = llm::Projection::down};

llm::ModelConfig wide_config() {
  auto config = llm::testing::small_config();
  config.layers = 3;
  config.intermediate = 4001;
  return config;
}

const at::Tensor& factor_a(const llm::ModelDelta& delta, llm::ModuleId id) {
  return std::get<llm::LowRank>(delta.at(id)).a;
}

TEST(NormARecovery, FillsOnlyColumnsOfAThatTheVariantLacked) {
  sim::Draws draws{{.seed = 101, .domain = sim::Domain::test}};
  for (int i = 0; i < 5; ++i) {
    const auto config = testing::random_config(draws);
    const Sent sent{config, variant_shape(config, 0.6, 1, 0), draws};
    const auto zero_fill = sent.recovered("zero-fill");
    for (const auto& [id, delta] : sent.recovered("norm-a")) {
      const auto& got = std::get<llm::LowRank>(delta);
      const auto& plain = std::get<llm::LowRank>(zero_fill.at(id));
      const auto kept = sent.update.adapter.modules.at(id).a.size(1);
      EXPECT_TRUE(at::equal(got.b, plain.b)) << id.name();
      EXPECT_TRUE(at::equal(got.a.narrow(1, 0, kept), plain.a.narrow(1, 0, kept))) << id.name();
      const auto noise = got.a.narrow(1, kept, got.a.size(1) - kept);
      EXPECT_TRUE(noise.ne(0).all().item<bool>()) << id.name() << ": a lacked column without noise";
      const bool columns =
          id.layer > 0 && (id.projection == llm::Projection::o || id.projection == llm::Projection::down);
      EXPECT_EQ(noise.numel() > 0, columns) << id.name();
    }
  }
}

TEST(NormARecovery, TheNoiseIsNormalWithADeviationOfOneOverTheRank) {
  sim::Draws draws{{.seed = 102, .domain = sim::Domain::test}};
  const auto shape = variant_shape(wide_config(), 0.999, 0, 0);
  Sent sent{wide_config(), shape, draws};
  sent.update.adapter = testing::random_adapter(wide_config(), shape, draws, 5);
  const auto kept = shape.layers[1].neurons;
  const auto noise = factor_a(sent.recovered("norm-a"), down1).narrow(1, kept, 4001 - kept).to(at::kDouble);
  const auto n = static_cast<double>(noise.numel());
  ASSERT_GT(n, 19000);
  const double deviation = 1.0 / 5;
  EXPECT_NEAR(noise.mean().item<double>(), 0, 4 * deviation / std::sqrt(n));
  EXPECT_NEAR(noise.pow(2).mean().item<double>(), deviation * deviation, 4 * deviation * deviation * std::sqrt(2 / n));
  const auto within = noise.abs().lt(deviation).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(within, 0.6827, 4 * std::sqrt(0.6827 * 0.3173 / n)) << "share within one deviation";
}

TEST(NormARecovery, DependsOnSeedClientRoundAndModuleAndOnNothingElse) {
  sim::Draws draws{{.seed = 103, .domain = sim::Domain::test}};
  Sent sent{wide_config(), variant_shape(wide_config(), 0.5, 0, 0), draws};
  const auto kept = sent.update.variant.layers[1].neurons;
  const auto noise = [&](std::uint64_t seed, std::uint32_t round, llm::ModuleId id = down1) {
    return factor_a(sent.recovered("norm-a", {}, seed, round), id).narrow(1, kept, 4001 - kept).clone();
  };
  const auto first = noise(1, 0);
  EXPECT_TRUE(at::equal(noise(1, 0), first)) << "the same twice";
  EXPECT_FALSE(at::equal(noise(2, 0), first)) << "another seed";
  EXPECT_FALSE(at::equal(noise(1, 1), first)) << "another round";
  EXPECT_FALSE(at::equal(noise(1, 0, {.layer = 2, .projection = llm::Projection::down}), first)) << "another layer";
  sent.update.client = 5;
  EXPECT_FALSE(at::equal(noise(1, 0), first)) << "another client";
}

TEST(NormARecovery, VariantsThatLackTheSameHaveTheSameNoiseThere) {
  sim::Draws draws{{.seed = 104, .domain = sim::Domain::test}};
  const Sent small{wide_config(), variant_shape(wide_config(), 0.8, 0, 0), draws};
  const Sent large{wide_config(), variant_shape(wide_config(), 0.3, 0, 0), draws};
  const auto kept = large.update.variant.layers[1].neurons;
  const auto noise = [&](const Sent& sent) {
    return factor_a(sent.recovered("norm-a"), down1).narrow(1, kept, 4001 - kept);
  };
  EXPECT_TRUE(at::equal(noise(small), noise(large)));
}

TEST(NormARecovery, OfTheWholeBaseIsTheIdentity) {
  sim::Draws draws{{.seed = 105, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  const Sent sent{config, llm::full_shape(config), draws};
  EXPECT_TRUE(testing::same_bits(sent.recovered("norm-a"), llm::to_delta(sent.update.adapter)));
}

TEST(NormARecovery, AChangeThatOverflowsOnlyWithTheNoiseIsRefused) {
  sim::Draws draws{{.seed = 106, .domain = sim::Domain::test}};
  Sent sent{wide_config(), variant_shape(wide_config(), 0.5, 0, 0), draws};
  auto& factors = sent.update.adapter.modules.at(down1);
  factors.a.fill_(1e-10F);
  factors.b.fill_(1e38F);
  sent.update.adapter.spec.alpha = static_cast<double>(sent.update.adapter.spec.rank);
  sent.update.adapter.spec.rslora = false;
  EXPECT_EQ(sent.recovered("zero-fill").size(), sent.update.adapter.modules.size());
  const auto result = recoveries().make("norm-a")->recover(sent.update, sent.context());
  ASSERT_TRUE(std::holds_alternative<Refusal>(result));
  EXPECT_EQ(std::get<Refusal>(result).text(), "model.layers.1.mlp.down_proj overflows float32");
}

}  // namespace
}  // namespace edgefuse::server
