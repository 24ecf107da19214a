#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <variant>

#include <ATen/ATen.h>

#include "server/fusion/dense_parts.hpp"
#include "server/recovery/restriction.hpp"
#include "server/recovery/zero_fill.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::same_bits;
using testing::Sent;

constexpr int cases = 25;

/// In float64, so that the adjoint can be held to its last digits.
llm::Adapter in_double(llm::Adapter adapter) {
  for (auto& [id, factors] : adapter.modules)
    factors = {.a = factors.a.to(at::kDouble), .b = factors.b.to(at::kDouble)};
  return adapter;
}

llm::ModelDelta dense(const llm::ModelDelta& delta) {
  llm::ModelDelta result;
  for (const auto& [id, change] : delta)
    result[id] = llm::Dense{dense_double(change)};
  return result;
}

double inner(const llm::ModelDelta& x, const llm::ModelDelta& y) {
  EXPECT_EQ(x.size(), y.size());
  double sum = 0;
  for (const auto& [id, change] : x)
    sum += (dense_double(change) * dense_double(y.at(id))).sum().item<double>();
  return sum;
}

double norm(const llm::ModelDelta& x) {
  return std::sqrt(inner(x, x));
}

llm::ModelDelta zero_filled(const llm::Adapter& adapter, const Sent& sent) {
  return llm::to_delta(recover_adapter(adapter, sent.update.variant, sent.base.config));
}

TEST(RestrictionProperty, IsTheAdjointOfZeroFill) {
  sim::Draws draws{{.seed = 171, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const Sent sent{draws};
    const auto& config = sent.base.config;
    const auto x = in_double(sent.update.adapter);
    const auto y = llm::to_delta(in_double(testing::random_adapter(config, llm::full_shape(config), draws, 2)));
    for (const auto& whole : {y, dense(y)}) {
      const auto recovered = zero_filled(x, sent);
      const auto left = inner(recovered, whole);
      const auto right = inner(llm::to_delta(x), restricted(whole, sent.update.variant, config));
      EXPECT_NEAR(left, right, 1e-13 * norm(recovered) * norm(whole)) << "case " << i;
    }
  }
}

TEST(RestrictionProperty, OfWhatWasRecoveredIsWhatWasSent) {
  sim::Draws draws{{.seed = 172, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const Sent sent{draws};
    const auto& config = sent.base.config;
    const auto& shape = sent.update.variant;
    const auto sent_delta = llm::to_delta(sent.update.adapter);
    EXPECT_TRUE(same_bits(restricted(zero_filled(sent.update.adapter, sent), shape, config), sent_delta));
    const auto back = restricted(recover_adapter(sent.update.adapter, shape, config), shape, config);
    EXPECT_TRUE(same_bits(llm::to_delta(back), sent_delta)) << "as an adapter";
    EXPECT_EQ(back.spec.rank, sent.update.adapter.spec.rank);
  }
}

TEST(RestrictionProperty, OfFactorsIsTheLeadingBlockOfTheirProduct) {
  sim::Draws draws{{.seed = 173, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const Sent sent{draws};
    const auto& config = sent.base.config;
    const auto y = llm::to_delta(in_double(testing::random_adapter(config, llm::full_shape(config), draws, 2)));
    const auto factors = restricted(y, sent.update.variant, config);
    const auto matrices = restricted(dense(y), sent.update.variant, config);
    for (const auto& [id, change] : factors) {
      ASSERT_TRUE(std::holds_alternative<llm::LowRank>(change)) << id.name();
      const auto& low = std::get<llm::LowRank>(change);
      EXPECT_TRUE(low.a.is_contiguous() && low.b.is_contiguous()) << id.name();
      EXPECT_EQ(low.a.size(0), 2) << id.name();
      EXPECT_LT(testing::distance(dense_double(change), llm::dense(matrices.at(id))), 1e-12) << id.name();
      EXPECT_EQ(shape_of(change), shape_of(llm::to_delta(sent.update.adapter).at(id))) << id.name();
    }
  }
}

TEST(RestrictionProperty, ToTheWholeBaseIsTheIdentity) {
  sim::Draws draws{{.seed = 174, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  const auto y = llm::to_delta(testing::random_adapter(config, llm::full_shape(config), draws));
  EXPECT_TRUE(same_bits(restricted(y, llm::full_shape(config), config), y));
}

TEST(RestrictionProperty, OnAVariantIsWhatTheVariantOfTheChangedBaseGains) {
  sim::Draws draws{{.seed = 175, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  const Sent sent{config, variant_shape(config, 0.4, 0, 1), draws};
  const auto y = llm::to_delta(testing::random_adapter(config, llm::full_shape(config), draws));
  const auto sliced = llm::slice(llm::apply(sent.base, y), sent.update.variant);
  auto changed = llm::apply(sent.variant, restricted(y, sent.update.variant, config));
  for (const auto& [id, change] : y) {
    const auto layer = static_cast<std::size_t>(id.layer);
    EXPECT_LT(testing::distance(sliced.layers[layer].projection(id.projection).weight,
                                changed.layers[layer].projection(id.projection).weight),
              1e-5)
        << id.name();
  }
}

TEST(RestrictionDeath, OfAChangeThatIsSmallerThanTheBaseBreaksAnInvariant) {
  sim::Draws draws{{.seed = 176, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  const Sent sent{config, variant_shape(config, 0.4, 0, 0), draws};
  EXPECT_DEATH((void)restricted(llm::to_delta(sent.update.adapter), sent.update.variant, config), "base's shapes");
  EXPECT_DEATH((void)restricted(sent.update.adapter, sent.update.variant, config), "shapes it is said to have");
}

}  // namespace
}  // namespace edgefuse::server
