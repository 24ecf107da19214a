#include "server/recovery/zero_fill.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <variant>

#include <ATen/ATen.h>

#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

llm::ModelConfig config() {
  auto c = llm::testing::small_config();
  c.layers = 1;
  return c;
}

/// An update on gate and down with `value` in one factor.
llm::Update update_with(float value, bool in_a) {
  sim::Draws draws{{.seed = 5, .domain = sim::Domain::test}};
  llm::Update update{.client = 3, .variant = variant_shape(config(), 0.5, 0, 0), .adapter = {}};
  update.adapter.spec = {.rank = 2, .alpha = 4, .targets = {llm::Projection::gate, llm::Projection::down}};
  for (const auto p : update.adapter.spec.targets) {
    const auto [out, in] = projection_shape(config(), update.variant.layers[0], p);
    update.adapter.modules[{0, p}] = {testing::random_tensor({2, in}, draws), testing::random_tensor({out, 2}, draws)};
  }
  auto& factors = update.adapter.modules.at({0, llm::Projection::down});
  (in_a ? factors.a : factors.b).select(0, 1).fill_(value);
  return update;
}

TEST(Recovery, AnUpdateWithNanOrInfIsRefusedAndSaysWhere) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    for (const bool in_a : {false, true}) {
      const auto recovered = recover(update_with(bad, in_a), config());
      ASSERT_TRUE(std::holds_alternative<Refusal>(recovered)) << bad << (in_a ? " in A" : " in B") << " was accepted";
      EXPECT_EQ(std::get<Refusal>(recovered).reason, Refusal::Reason::not_finite);
      EXPECT_EQ(std::get<Refusal>(recovered).text(), "model.layers.0.mlp.down_proj holds NaN or Inf");
    }
  }
}

TEST(Recovery, FactorsWhoseProductOverflowsAreRefused) {
  auto update = update_with(1e20F, true);
  update.adapter.modules.at({0, llm::Projection::down}).b.fill_(1e20F);
  const auto recovered = recover(update, config());
  ASSERT_TRUE(std::holds_alternative<Refusal>(recovered));
  EXPECT_EQ(std::get<Refusal>(recovered).reason, Refusal::Reason::overflow);
}

TEST(Recovery, AScaleThatIsNotFiniteIsRefused) {
  auto update = update_with(1, true);
  update.adapter.spec.alpha = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::holds_alternative<Refusal>(recover(update, config())));
}

TEST(Recovery, LargeButFiniteUpdatesPass) {
  EXPECT_TRUE(std::holds_alternative<llm::ModelDelta>(recover(update_with(1e15F, true), config())));
}

TEST(RecoveryDeath, FactorsOfAnotherShapeThanTheVariantBreakAnInvariant) {
  auto update = update_with(1, true);
  update.variant = full_shape(config());
  EXPECT_DEATH((void)recover(update, config()), "shapes it is said to have");
}

TEST(Recoveries, AreDocumentedAndZeroFillComesFirst) {
  const auto methods = recoveries();
  EXPECT_EQ(methods.methods().front().name, "zero-fill");
  for (const auto& method : methods.methods()) {
    EXPECT_GT(method.summary.size(), 10U) << method.name;
    for (const auto& parameter : method.parameters)
      EXPECT_FALSE(parameter.meaning.empty()) << parameter.name;
  }
}

TEST(Recoveries, AnUnknownOneIsAnsweredWithTheNearest) {
  try {
    (void)recoveries().make("zero-fil");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("unknown recovery \"zero-fil\" (did you mean \"zero-fill\"?"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace edgefuse::server
