#include "llm/variant.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include <ATen/ATen.h>

#include "llm/delta.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/reference.hpp"
#include "llm/tensor_names.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;

/// A config of random sizes: 1 to 3 query heads per KV head, 1 to 5 KV heads, biases and norms now and then.
ModelConfig random_config(sim::Draws& draws) {
  const auto pick = [&](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::int64_t>(least + draws.below(most - least + 1));
  };
  const auto* types = draws.below(3) == 0 ? "qwen2" : draws.below(2) == 0 ? "qwen3" : "llama";
  auto config = small_config(types);
  config.hidden = pick(7, 23);
  config.intermediate = pick(24, 41);
  config.layers = pick(2, 4);
  config.kv_heads = pick(1, 5);
  config.heads = config.kv_heads * pick(1, 3);
  config.head_dim = 2 * pick(2, 4);
  config.o_bias = draws.below(2) == 0;
  config.mlp_bias = draws.below(2) == 0;
  return config;
}

std::string sizes(const ModelConfig& c) {
  return c.model_type + ", hidden " + std::to_string(c.hidden) + ", neurons " + std::to_string(c.intermediate) +
         ", layers " + std::to_string(c.layers) + ", heads " + std::to_string(c.heads) + "/" +
         std::to_string(c.kv_heads) + " x " + std::to_string(c.head_dim);
}

at::Tensor logits(const Model& model, const Adapter* adapter = nullptr) {
  const auto ids = at::arange(24, at::kLong).reshape({3, 8}).remainder(model.config.vocabulary);
  return reference_logits(model, adapter, ids);
}

double distance(const at::Tensor& x, const at::Tensor& y) {
  return (x - y).abs().max().item<double>();
}

ImportanceOrder random_order(const ModelConfig& config, sim::Draws& draws) {
  ImportanceOrder order;
  for (std::int64_t l = 0; l < config.layers; ++l) {
    ImportanceOrder::Layer layer;
    for (std::int64_t i = 0; i < config.kv_heads; ++i)
      layer.kv_heads.push_back(i);
    for (std::int64_t i = 0; i < config.intermediate; ++i)
      layer.neurons.push_back(i);
    draws.shuffle(layer.kv_heads);
    draws.shuffle(layer.neurons);
    order.layers.push_back(std::move(layer));
  }
  return order;
}

/// An adapter on all projections in the model's own shapes, B not zero.
Adapter random_adapter(const Model& model, sim::Draws& draws) {
  Adapter adapter;
  adapter.spec = {.rank = 3, .alpha = 5, .rslora = false, .targets = {all_projections.begin(), all_projections.end()}};
  const auto fill = [&](std::int64_t rows, std::int64_t cols) {
    auto t = at::empty({rows, cols}, at::kDouble);
    for (std::int64_t i = 0; i < t.numel(); ++i)
      t.data_ptr<double>()[i] = 0.3 * draws.normal();
    return t;
  };
  for (std::size_t l = 0; l < model.layers.size(); ++l)
    for (const auto p : all_projections) {
      const auto& linear = model.layers[l].projection(p);
      adapter.modules[{.layer = static_cast<std::int32_t>(l), .projection = p}] = {.a = fill(3, linear.in()),
                                                                                   .b = fill(linear.out(), 3)};
    }
  return adapter;
}

constexpr int cases = 12;

TEST(VariantProperty, TheSortedBaseComputesWhatTheBaseComputes) {
  sim::Draws draws{{.seed = 11, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto base = random_model(config, draws.bits(), at::kDouble);
    const auto expected = logits(base);
    EXPECT_LT(distance(logits(sort_by_importance(base, random_order(config, draws))), expected), 1e-10)
        << sizes(config);
    const auto ranked = order_of(pruners().make("magnitude")->rank(base, {}));
    EXPECT_LT(distance(logits(sort_by_importance(base, ranked)), expected), 1e-10) << sizes(config);
  }
}

TEST(VariantProperty, RatioZeroIsTheSortedBaseItself) {
  sim::Draws draws{{.seed = 12, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto sorted = random_model(config, draws.bits());
    const auto shape = variant_shape(config, 0, 1, 1);
    EXPECT_EQ(shape, full_shape(config));
    const auto whole = slice(sorted, shape);
    EXPECT_EQ(whole.parameters(), sorted.parameters());
    EXPECT_TRUE(at::equal(logits(whole), logits(sorted))) << sizes(config);
  }
}

TEST(VariantProperty, UnsortUndoesSortBitForBit) {
  sim::Draws draws{{.seed = 13, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto base = random_model(config, draws.bits());
    const auto order = random_order(config, draws);
    const auto back = unsort(sort_by_importance(base, order), order);
    const auto wanted = named_tensors(base);
    const auto got = named_tensors(back);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t t = 0; t < got.size(); ++t)
      EXPECT_TRUE(at::equal(got[t].tensor, wanted[t].tensor)) << wanted[t].name << ", " << sizes(config);
  }
}

TEST(VariantProperty, AnUnsortedAdapterDoesToTheBaseWhatItDidToTheSortedOne) {
  sim::Draws draws{{.seed = 14, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto base = random_model(config, draws.bits(), at::kDouble);
    const auto order = random_order(config, draws);
    const auto sorted = sort_by_importance(base, order);
    const auto adapter = random_adapter(sorted, draws);
    const auto unsorted = unsort(adapter, config, order);
    EXPECT_LT(distance(logits(base, &unsorted), logits(sorted, &adapter)), 1e-9) << sizes(config);
  }
}

/// What pruning means: what is dropped contributes nothing to the residual stream.
TEST(VariantProperty, AVariantIsTheSortedBaseWithTheDroppedPartsSilent) {
  sim::Draws draws{{.seed = 15, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    const auto sorted = random_model(config, draws.bits(), at::kDouble);
    const auto shape = variant_shape(config, 0.95 * draws.uniform(), 1, 0);
    auto silenced = sorted;
    for (std::size_t l = 0; l < silenced.layers.size(); ++l)
      for (const auto p : {Projection::o, Projection::down}) {
        auto& weight = silenced.layers[l].projection(p).weight;
        const auto kept = projection_shape(config, shape.layers[l], p).in;
        weight = at::cat({weight.narrow(1, 0, kept), at::zeros_like(weight.narrow(1, kept, weight.size(1) - kept))}, 1);
      }
    EXPECT_LT(distance(logits(slice(sorted, shape)), logits(silenced)), 1e-10) << sizes(config);
  }
}

TEST(VariantProperty, VariantsAreNestedAndKeepAtLeastOne) {
  sim::Draws draws{{.seed = 16, .domain = sim::Domain::test}};
  for (int i = 0; i < cases; ++i) {
    const auto config = random_config(draws);
    auto larger = full_shape(config);
    for (const double ratio : {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.9999}) {
      const auto shape = variant_shape(config, ratio, 0, 1);
      for (std::size_t l = 0; l < shape.layers.size(); ++l) {
        EXPECT_LE(shape.layers[l].kv_heads, larger.layers[l].kv_heads) << ratio;
        EXPECT_LE(shape.layers[l].neurons, larger.layers[l].neurons) << ratio;
        EXPECT_GE(std::min(shape.layers[l].kv_heads, shape.layers[l].neurons), 1) << ratio;
      }
      EXPECT_EQ(shape.layers.back(), full_shape(config).layers.back()) << "the last layer is protected";
      larger = shape;
    }
    const auto least = variant_shape(config, 0.9999, 0, 1).layers.front();
    EXPECT_EQ(least, (LayerShape{.kv_heads = 1, .neurons = 1}));
  }
}

}  // namespace
}  // namespace edgefuse::llm
