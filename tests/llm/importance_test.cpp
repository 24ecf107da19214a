#include "llm/pruning/importance.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "llm/pruning/prune.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::small_config;

/// hidden 12, head_dim 6, two query heads per KV head: a group weighs 2·3·6·12 = 432 and a neuron 36, two groups and 20
/// neurons 1584.
Importance scores(double group, double neuron) {
  const auto config = small_config();
  Importance importance{.layers = {}, .comparable = true};
  for (std::int64_t l = 0; l < config.layers; ++l) {
    Importance::Layer layer;
    for (std::int64_t i = 0; i < config.kv_heads; ++i)
      layer.kv_heads.push_back(group + static_cast<double>(i));
    for (std::int64_t i = 0; i < config.intermediate; ++i)
      layer.neurons.push_back(neuron + static_cast<double>(i));
    importance.layers.push_back(std::move(layer));
  }
  return importance;
}

TEST(GlobalBudget, TakesTheLeastImportantFirstWhereverTheyAre) {
  auto importance = scores(1000, 100);
  for (auto& x : importance.layers[0].neurons)
    x -= 50;  // all of the first layer's neurons matter less than any of the second's
  // A quarter of 3168 is 792, 22 neurons: 19 of the first layer, which keeps one, and 3 of the second.
  const auto shape = global_shape(small_config(), importance, 0.25, {});
  EXPECT_EQ(shape.layers[0], (LayerShape{.kv_heads = 2, .neurons = 1}));
  EXPECT_EQ(shape.layers[1], (LayerShape{.kv_heads = 2, .neurons = 17}));
}

TEST(GlobalBudget, AGroupCountsAsManyWeightsAsItHas) {
  // The groups go first; one is enough for an eighth of 3168 = 396.
  const auto shape = global_shape(small_config(), scores(0, 100), 0.125, {});
  EXPECT_EQ(shape.layers[0].kv_heads + shape.layers[1].kv_heads, 3);
  EXPECT_EQ(shape.layers[0].neurons + shape.layers[1].neurons, 40);
}

TEST(GlobalBudget, ScoresThatCannotBeComparedAreStandardisedInEachLayer) {
  auto importance = scores(1000, 100);
  importance.comparable = false;
  for (auto& x : importance.layers[0].neurons)
    x = 1e6 + 1e3 * x;  // another scale, the same order
  const auto shape = global_shape(small_config(), importance, 0.3, {});
  EXPECT_EQ(shape.layers[0], shape.layers[1]);
}

TEST(GlobalBudget, VariantsAreNestedAndKeepOneOfEach) {
  sim::Draws draws{{.seed = 21, .domain = sim::Domain::test}};
  const auto config = small_config();
  for (int i = 0; i < 20; ++i) {
    auto importance = scores(0, 0);
    importance.comparable = i % 2 == 0;
    for (auto& layer : importance.layers) {
      for (auto& x : layer.kv_heads)
        x = draws.normal();
      for (auto& x : layer.neurons)
        x = draws.normal();
    }
    auto larger = full_shape(config);
    for (const double ratio : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99999}) {
      const auto shape = global_shape(config, importance, ratio, {.first = i % 3 == 0 ? 1 : 0});
      for (std::size_t l = 0; l < shape.layers.size(); ++l) {
        EXPECT_LE(shape.layers[l].kv_heads, larger.layers[l].kv_heads) << ratio;
        EXPECT_LE(shape.layers[l].neurons, larger.layers[l].neurons) << ratio;
        EXPECT_GE(std::min(shape.layers[l].kv_heads, shape.layers[l].neurons), 1) << ratio;
      }
      if (i % 3 == 0) {
        EXPECT_EQ(shape.layers[0], full_shape(config).layers[0]) << "the first layer is protected";
      }
      larger = shape;
    }
    EXPECT_EQ(larger.layers[1], (LayerShape{.kv_heads = 1, .neurons = 1}));
  }
}

TEST(GlobalBudget, RefusesWhatAPerLayerBudgetRefuses) {
  const auto importance = scores(0, 0);
  EXPECT_THROW((void)global_shape(small_config(), importance, 1, {}), InputError);
  EXPECT_THROW((void)global_shape(small_config(), importance, -0.1, {}), InputError);
  EXPECT_THROW((void)global_shape(small_config(), importance, 0.5, {.first = 1, .last = 1}), InputError);
}

TEST(Budget, IsThePrunersOwnUnlessOneIsAskedFor) {
  const auto flap = pruners().make("flap");
  EXPECT_EQ(budget_of(*flap, {}), Budget::global);
  EXPECT_EQ(budget_of(*flap, {.budget = Budget::per_layer}), Budget::per_layer);
  EXPECT_EQ(budget_of(*pruners().make("magnitude"), {}), Budget::per_layer);
}

/// A layer of small_config(), whole.
const LayerShape whole{.kv_heads = 2, .neurons = 20};

TEST(LayerBudget, TakesTheLeastImportantLayersWhole) {
  auto config = small_config();
  config.layers = 5;
  const Importance importance{.layers = {}, .whole_layers = {3, 1, 5, 2, 4}};
  const auto gone = [&](double ratio, const Protection& protection = {}) {
    std::vector<std::size_t> layers;
    const auto shape = depth_shape(config, importance, ratio, protection);
    for (std::size_t l = 0; l < shape.layers.size(); ++l) {
      if (shape.layers[l].dropped()) layers.push_back(l);
      EXPECT_TRUE(shape.layers[l].dropped() || shape.layers[l] == whole) << "layer " << l << " at ratio " << ratio;
    }
    return layers;
  };
  using Layers = std::vector<std::size_t>;
  EXPECT_EQ(gone(0), Layers{});
  EXPECT_EQ(gone(0.09), Layers{});
  EXPECT_EQ(gone(0.2), Layers{1});
  EXPECT_EQ(gone(0.5), (Layers{0, 1, 3})) << "2.5 layers are rounded up";
  EXPECT_EQ(gone(0.999), (Layers{0, 1, 3, 4})) << "one layer stays";
  EXPECT_EQ(gone(0.5, {.first = 1, .last = 1}), (Layers{1, 3})) << "half of the three in the middle, rounded up";
}

TEST(LayerBudget, IsForPrunersThatScoreLayers) {
  const PruningOptions layers{.budget = Budget::layers};
  for (const char* name : {"magnitude", "taylor", "random", "block-influence"})
    EXPECT_EQ(budget_of(*pruners().make(name), layers), Budget::layers) << name;
  for (const char* name : {"flap", "wanda-sp", "wanda", "sparsegpt"})
    EXPECT_THROW((void)budget_of(*pruners().make(name), layers), InputError) << name;
  const auto influence = pruners().make("block-influence");
  EXPECT_EQ(budget_of(*influence, {}), Budget::layers);
  EXPECT_THROW((void)budget_of(*influence, {.budget = Budget::per_layer}), InputError);
  EXPECT_THROW((void)budget_of(*influence, {.budget = Budget::global}), InputError);
}

TEST(LayerBudget, AddsUpWhatIsInALayer) {
  auto importance = scores(1, 10);
  importance.layers[1].neurons[0] += 7;
  EXPECT_EQ(sums_of_units(importance), (std::vector<double>{393, 400})) << "1 + 2 + 10 + 11 + ... + 29";
}

TEST(RandomPruner, DependsOnItsSeedOnly) {
  const auto model = testing::random_model(small_config());
  const auto order = [&](double seed) {
    return order_of(pruners().make("random", {{"seed", seed}})->rank(model, {})).layers;
  };
  EXPECT_EQ(order(1)[0].neurons, order(1)[0].neurons);
  EXPECT_NE(order(1)[0].neurons, order(2)[0].neurons);
  EXPECT_NE(order(1)[0].neurons, order(1)[1].neurons) << "both layers drew the same lot";
}

TEST(CalibrationTexts, LieAtEqualDistancesOverTheWholeText) {
  const std::vector<std::int64_t> tokens = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(take_stretches(tokens, 3, 2, "a.txt").texts,
            (std::vector<std::vector<std::int64_t>>{{0, 1}, {3, 4}, {6, 7}}));
}

TEST(CalibrationTexts, AreRefusedWhenTheTextIsTooShort) {
  try {
    (void)take_stretches(std::vector<std::int64_t>{1, 2, 3, 4, 5}, 3, 2, "a.txt");
    FAIL() << "five tokens made three texts of two";
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "a.txt: has 5 tokens, and calibration needs 3 texts of 2 (give more text, or ask for at most 2 texts of "
        "that length)");
  }
}

}  // namespace
}  // namespace edgefuse::llm
