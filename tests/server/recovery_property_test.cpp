#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "llm/variant.hpp"
#include "server/recovery/recovery.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::random_tensor;

/// Sizes that a variant cuts, with grouped-query attention; no two of a matrix's sides agree.
llm::ModelConfig random_config(sim::Draws& draws) {
  llm::ModelConfig config;
  config.hidden = 9 + static_cast<std::int64_t>(draws.below(6));
  config.intermediate = 31 + static_cast<std::int64_t>(draws.below(20));
  config.layers = 3;
  config.kv_heads = 2 + static_cast<std::int64_t>(draws.below(4));
  config.heads = config.kv_heads * (1 + static_cast<std::int64_t>(draws.below(3)));
  config.head_dim = 8;
  return config;
}

llm::VariantShape random_variant(const llm::ModelConfig& config, sim::Draws& draws) {
  const double ratio = draws.below(4) == 0 ? 0.999 : 0.9 * draws.uniform();
  return variant_shape(config, ratio, static_cast<std::int64_t>(draws.below(2)),
                       static_cast<std::int64_t>(draws.below(2)));
}

llm::Adapter random_adapter(const llm::ModelConfig& config, const llm::VariantShape& shape, sim::Draws& draws) {
  llm::Adapter adapter;
  adapter.spec = {.rank = 3, .alpha = 7, .rslora = draws.below(2) == 0, .targets = {}};
  for (const auto p : llm::all_projections)
    if (p != llm::Projection::v) adapter.spec.targets.push_back(p);
  for (std::size_t l = 0; l < shape.layers.size(); ++l)
    for (const auto p : adapter.spec.targets) {
      const auto [out, in] = projection_shape(config, shape.layers[l], p);
      adapter.modules[{.layer = static_cast<std::int32_t>(l), .projection = p}] = {.a = random_tensor({3, in}, draws),
                                                                                   .b = random_tensor({out, 3}, draws)};
    }
  return adapter;
}

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

}  // namespace
}  // namespace edgefuse::server
