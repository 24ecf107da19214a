#include <gtest/gtest.h>

#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "llm/variant.hpp"
#include "server/recovery/zero_fill.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::random_adapter;
using testing::random_config;
using testing::random_variant;

at::Tensor change(const llm::Adapter& adapter, llm::ModuleId id) {
  const auto& factors = adapter.modules.at(id);
  return adapter.spec.scale() * at::mm(factors.b.to(at::kDouble), factors.a.to(at::kDouble));
}

constexpr int cases = 20;

TEST(RecoveryProperty, TheVariantsSliceIsTheUpdateAndTheRestIsZero) {
  sim::Draws draws{{.seed = 21, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto shape = random_variant(config, draws);
    const llm::Update update{.variant = shape, .adapter = random_adapter(config, shape, draws)};
    const auto recovered = recover(update, config);
    ASSERT_TRUE(std::holds_alternative<llm::ModelDelta>(recovered));
    const auto& delta = std::get<llm::ModelDelta>(recovered);
    ASSERT_EQ(delta.size(), update.adapter.modules.size());
    for (const auto& [id, part] : delta) {
      const auto whole = projection_shape(config, {config.kv_heads, config.intermediate}, id.projection);
      const auto wanted = change(update.adapter, id);
      const auto got = llm::dense(part);
      ASSERT_EQ(got.size(0), whole.out) << id.name();
      ASSERT_EQ(got.size(1), whole.in) << id.name();
      const auto kept = got.narrow(0, 0, wanted.size(0)).narrow(1, 0, wanted.size(1));
      EXPECT_LT(testing::distance(kept, wanted), 1e-4) << id.name();
      const double outside = got.abs().sum(at::kDouble).item<double>() - kept.abs().sum(at::kDouble).item<double>();
      EXPECT_NEAR(outside, 0, 1e-9) << id.name() << ": something outside the variant";
      EXPECT_NEAR(got.to(at::kDouble).norm().item<double>(), wanted.norm().item<double>(),
                  1e-5 * wanted.norm().item<double>())
          << id.name();
    }
  }
}

TEST(RecoveryProperty, OnlyRowsOfBOrColumnsOfAChange) {
  sim::Draws draws{{.seed = 22, .domain = sim::Domain::test}};
  const auto config = random_config(draws);
  const auto shape = variant_shape(config, 0.5, 0, 0);
  const auto adapter = random_adapter(config, shape, draws);
  const auto recovered = recover_adapter(adapter, shape, config);
  for (const auto& [id, factors] : recovered.modules) {
    const bool columns = id.projection == llm::Projection::o || id.projection == llm::Projection::down;
    const auto& before = adapter.modules.at(id);
    EXPECT_TRUE(columns ? at::equal(factors.b, before.b) : at::equal(factors.a, before.a)) << id.name();
    EXPECT_TRUE(columns ? factors.a.size(1) > before.a.size(1) : factors.b.size(0) > before.b.size(0)) << id.name();
  }
}

TEST(RecoveryProperty, RatioZeroIsTheIdentity) {
  sim::Draws draws{{.seed = 23, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto shape = variant_shape(config, 0, 1, 1);
    const auto adapter = random_adapter(config, shape, draws);
    const auto recovered = recover({.variant = shape, .adapter = adapter}, config);
    EXPECT_TRUE(testing::same_bits(std::get<llm::ModelDelta>(recovered), llm::to_delta(adapter)));
  }
}

TEST(RecoveryProperty, EveryMethodIsTheIdentityAtRatioZero) {
  sim::Draws draws{{.seed = 24, .domain = sim::Domain::test}};
  const auto methods = recoveries();
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const testing::Sent sent{config, llm::full_shape(config), draws};
    for (const auto& method : methods.methods())
      EXPECT_TRUE(testing::same_bits(sent.recovered(method.name.c_str()), llm::to_delta(sent.update.adapter)))
          << method.name;
  }
}

TEST(RecoveryProperty, EveryMethodLeavesWhatTheUpdateSaysWhereTheVariantWas) {
  sim::Draws draws{{.seed = 25, .domain = sim::Domain::test}};
  const auto methods = recoveries();
  for (int i = 0; i < cases; ++i) {
    const testing::Sent sent{draws};
    for (const auto& method : methods.methods())
      for (const auto& [id, delta] : sent.recovered(method.name.c_str())) {
        const auto wanted = change(sent.update.adapter, id);
        const auto got = llm::dense(delta);
        ASSERT_EQ(got.sizes(), sent.base_weight(id).sizes()) << method.name << ", " << id.name();
        EXPECT_LT(testing::distance(got.narrow(0, 0, wanted.size(0)).narrow(1, 0, wanted.size(1)), wanted), 1e-4)
            << method.name << ", " << id.name();
      }
  }
}

TEST(RecoveryProperty, OneGroupAndOneNeuronAreEnough) {
  sim::Draws draws{{.seed = 26, .domain = sim::Domain::test}};
  const auto methods = recoveries();
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const testing::Sent sent{config, variant_shape(config, 0.9999, 0, 0), draws};
    ASSERT_EQ(sent.update.variant.layers[0].neurons, 1);
    ASSERT_EQ(sent.update.variant.layers[0].kv_heads, 1);
    const llm::ModuleId gate{.layer = 2, .projection = llm::Projection::gate};
    for (const auto& method : methods.methods()) {
      const auto recovered = sent.recovered(method.name.c_str());
      EXPECT_EQ(recovered.size(), sent.update.adapter.modules.size()) << method.name;
      EXPECT_LT(testing::distance(llm::dense(recovered.at(gate))[0], change(sent.update.adapter, gate)[0]), 1e-4)
          << method.name;
    }
  }
}

TEST(RecoveryProperty, NobodysAdapterIsWrittenInto) {
  sim::Draws draws{{.seed = 27, .domain = sim::Domain::test}};
  const auto methods = recoveries();
  for (int i = 0; i < cases; ++i) {
    const testing::Sent sent{draws};
    auto before = sent.update.adapter;
    for (auto& [id, factors] : before.modules)
      factors = {.a = factors.a.clone(), .b = factors.b.clone()};
    for (const auto& method : methods.methods()) {
      (void)sent.recovered(method.name.c_str());
      EXPECT_TRUE(testing::same_bits(llm::to_delta(sent.update.adapter), llm::to_delta(before))) << method.name;
    }
  }
}

}  // namespace
}  // namespace edgefuse::server
