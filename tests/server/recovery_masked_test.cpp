#include "server/recovery/masked.hpp"

#include <gtest/gtest.h>

#include <variant>

#include <ATen/ATen.h>

#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::Sent;

/// A variant in the base's shapes whose entries are zero with probability `share`, by magnitude's stand-in: chance.
Sent sent_by_a_masked_variant(double share, sim::Draws& draws) {
  const auto config = testing::random_config(draws);
  Sent sent{config, llm::full_shape(config), draws};
  for (auto& [id, factors] : sent.update.adapter.modules) {
    auto weight = sent.base_weight(id).clone();
    for (std::int64_t i = 0; i < weight.numel(); ++i)
      if (draws.uniform() < share) weight.data_ptr<float>()[i] = 0;
    sent.variant_weight(id) = weight;
  }
  return sent;
}

TEST(MaskedRecovery, IsTheChangeWhereTheVariantHadAWeightAndZeroElsewhere) {
  sim::Draws draws{{.seed = 91, .domain = sim::Domain::test}};
  auto sent = sent_by_a_masked_variant(0.5, draws);
  for (const auto& [id, delta] : sent.recovered("masked")) {
    ASSERT_TRUE(std::holds_alternative<llm::Dense>(delta)) << id.name();
    const auto got = llm::dense(delta);
    const auto& factors = sent.update.adapter.modules.at(id);
    const auto scale = sent.update.adapter.spec.scale();
    ASSERT_EQ(got.sizes(), sent.base_weight(id).sizes()) << id.name();
    const auto weight = sent.variant_weight(id);
    for (std::int64_t i = 0; i < got.size(0); ++i)
      for (std::int64_t j = 0; j < got.size(1); ++j) {
        double wanted = 0;
        for (std::int64_t r = 0; r < factors.a.size(0); ++r)
          wanted += scale * factors.b[i][r].item<double>() * factors.a[r][j].item<double>();
        if (weight[i][j].item<float>() == 0) {
          ASSERT_EQ(got[i][j].item<float>(), 0) << id.name() << " at " << i << ", " << j;
        } else {
          ASSERT_NEAR(got[i][j].item<double>(), wanted, 1e-5) << id.name() << " at " << i << ", " << j;
        }
      }
  }
}

TEST(MaskedRecovery, OfAStructuredVariantIsZeroFillBitForBit) {
  sim::Draws draws{{.seed = 92, .domain = sim::Domain::test}};
  for (int i = 0; i < 5; ++i) {
    const Sent sent{draws};
    EXPECT_TRUE(testing::same_bits(sent.recovered("masked"), sent.recovered("zero-fill")));
  }
}

TEST(MaskedRecovery, ZerosOfTheBaseItselfMaskNothing) {
  sim::Draws draws{{.seed = 93, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  Sent sent{config, llm::full_shape(config), draws};
  const llm::ModuleId id{.layer = 1, .projection = llm::Projection::up};
  sent.base.layers[1].up.weight[2][3] = 0;
  sent.variant_weight(id) = sent.base_weight(id);
  EXPECT_TRUE(testing::same_bits(sent.recovered("masked"), sent.recovered("zero-fill")));
}

TEST(MaskedRecovery, ZeroFillOfAMaskedVariantIsTheIdentity) {
  sim::Draws draws{{.seed = 94, .domain = sim::Domain::test}};
  const auto sent = sent_by_a_masked_variant(0.4, draws);
  EXPECT_TRUE(testing::same_bits(sent.recovered("zero-fill"), llm::to_delta(sent.update.adapter)));
}

TEST(MaskedRecovery, EntriesAndRowsMayBeMissingAtOnce) {
  sim::Draws draws{{.seed = 95, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  Sent sent{config, variant_shape(config, 0.5, 0, 0), draws};
  const llm::ModuleId id{.layer = 0, .projection = llm::Projection::gate};
  auto weight = sent.variant_weight(id).clone();
  weight.select(1, 2).zero_();
  sent.variant_weight(id) = weight;
  const auto delta = sent.recovered("masked");
  const auto got = llm::dense(delta.at(id));
  ASSERT_EQ(got.sizes(), sent.base_weight(id).sizes());
  EXPECT_EQ(got.select(1, 2).abs().max().item<float>(), 0) << "a masked column";
  EXPECT_EQ(got.narrow(0, weight.size(0), got.size(0) - weight.size(0)).abs().max().item<float>(), 0) << "lacked rows";
  EXPECT_GT(got.narrow(0, 0, weight.size(0)).select(1, 3).abs().min().item<float>(), 0) << "a column that was there";
}

}  // namespace
}  // namespace edgefuse::server
