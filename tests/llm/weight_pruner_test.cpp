#include "llm/pruning/weight_pruner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "sim/error.hpp"
#include "tests/llm/sparse_models.hpp"

namespace edgefuse::llm {
namespace {

using testing::cut;
using testing::divisible_config;
using testing::random_model;
using testing::random_texts;
using testing::weight_pruners;

constexpr std::int64_t block = 13;

struct Made {
  std::string name;
  std::string pattern;
  std::unique_ptr<Pruner> pruner;
};

/// Every pruner of single weights with every pattern; SparseGPT in blocks that end within every matrix.
std::vector<Made> all_of_them() {
  std::vector<Made> made;
  for (const auto& name : weight_pruners)
    for (const std::string pattern : {"unstructured", "2:4", "4:8"}) {
      Parameters parameters{{"pattern", pattern}};
      if (name == "sparsegpt") parameters["block"] = static_cast<double>(block);
      made.push_back({name, pattern, pruners().make(name, parameters)});
    }
  return made;
}

std::vector<double> ratios_of(const std::string& pattern) {
  return pattern == "unstructured" ? std::vector{0.0, 0.3, 0.5, 0.55, 0.9} : std::vector{0.0, 0.5};
}

std::string told(const Made& made, const std::string& where) {
  return fmt::format("{} {}, {}", made.name, made.pattern, where);
}

/// What has to be the same in every variant.
void expect_same_beside_the_projections(const Model& variant, const Model& base, const std::string& what) {
  EXPECT_TRUE(at::equal(variant.embedding, base.embedding)) << what;
  EXPECT_TRUE(at::equal(variant.head, base.head)) << what;
  EXPECT_TRUE(at::equal(variant.final_norm, base.final_norm)) << what;
  for (std::size_t l = 0; l < base.layers.size(); ++l) {
    EXPECT_TRUE(at::equal(variant.layers[l].input_norm, base.layers[l].input_norm)) << what;
    EXPECT_TRUE(at::equal(variant.layers[l].post_attn_norm, base.layers[l].post_attn_norm)) << what;
    for (const auto p : {Projection::q, Projection::k, Projection::v})
      EXPECT_TRUE(at::equal(variant.layers[l].projection(p).bias, base.layers[l].projection(p).bias)) << what;
  }
}

void expect_same_layer(const Layer& variant, const Layer& base, const std::string& what) {
  for (const auto p : all_projections)
    EXPECT_TRUE(at::equal(variant.projection(p).weight, base.projection(p).weight)) << what << projection_name(p);
}

TEST(WeightPruner, KeepsEveryShapeAndSaysHowDenseALayerIs) {
  const auto config = divisible_config();
  for (const auto& made : all_of_them()) {
    EXPECT_FALSE(made.pruner->structured()) << made.name;
    EXPECT_FALSE(made.pruner->slices()) << made.name;
    EXPECT_EQ(made.pruner->shape(config, 0, {.first = 1}), full_shape(config)) << made.name;
    const auto shape = made.pruner->shape(config, 0.5, {.first = 1});
    const LayerShape whole{.kv_heads = 1, .neurons = 40};
    const double bits = made.pattern == "4:8" ? 1.5 : 1;
    EXPECT_EQ(shape.ratio, 0.5);
    EXPECT_EQ(shape.layers[0], whole) << told(made, "a protected layer");
    for (const std::size_t l : {1, 2})
      EXPECT_EQ(shape.layers[l], (LayerShape{.kv_heads = 1, .neurons = 40, .density = 0.5, .index_bits = bits}))
          << told(made, fmt::format("layer {}", l));
  }
}

TEST(WeightPruner, RefusesWhatNoVariantCanBe) {
  const auto pruner = pruners().make("wanda", {{"pattern", std::string{"2:4"}}});
  EXPECT_THROW((void)pruner->shape(divisible_config(), 0.4, {}), InputError);
  EXPECT_THROW((void)pruner->shape(divisible_config(), 1, {}), InputError);
  EXPECT_THROW((void)pruner->shape(divisible_config(), 0.5, {.first = 2, .last = 1}), InputError);
}

TEST(WeightPruner, SortsNothing) {
  const auto base = random_model(divisible_config());
  const auto order = order_of(pruners().make("sparsegpt")->rank(base, {}));
  for (const auto& layer : order.layers) {
    EXPECT_EQ(layer.kv_heads, (std::vector<std::int64_t>{0}));
    for (std::size_t i = 0; i < layer.neurons.size(); ++i)
      EXPECT_EQ(layer.neurons[i], static_cast<std::int64_t>(i));
  }
}

TEST(WeightPruner, LeavesTheBaseAndAllBesideTheProjectionsAsTheyAre) {
  const auto base = random_model(divisible_config());
  const auto untouched = random_model(divisible_config());
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  for (const auto& made : all_of_them()) {
    const auto variants = cut(*made.pruner, base, ratios_of(made.pattern), texts);
    for (const auto& variant : variants)
      expect_same_beside_the_projections(variant, base, told(made, "a variant"));
    for (std::size_t l = 0; l < base.layers.size(); ++l) {
      expect_same_layer(variants.front().layers[l], base.layers[l], told(made, "ratio 0, "));
      expect_same_layer(base.layers[l], untouched.layers[l], told(made, "the base, "));
    }
  }
}

TEST(WeightPruner, LeavesProtectedLayersAsTheyAre) {
  const auto base = random_model(divisible_config());
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  for (const auto& made : all_of_them()) {
    const auto variant = cut(*made.pruner, base, {0.5}, texts, {.first = 1, .last = 1}).front();
    expect_same_layer(variant.layers[0], base.layers[0], told(made, "first layer, "));
    expect_same_layer(variant.layers[2], base.layers[2], told(made, "last layer, "));
    EXPECT_TRUE(variant.layers[1].up.weight.eq(0).any().item<bool>()) << made.name;
  }
}

/// Zeros in each group of weights that are compared: a matrix, a row, blocks of columns, or M neighbours.
std::vector<std::int64_t> zero_counts(const Made& made, const at::Tensor& weight) {
  const auto zeros = weight.eq(0).to(at::kLong);
  std::vector<at::Tensor> counts;
  if (made.pattern != "unstructured") {
    counts.push_back(zeros.reshape({-1, made.pattern == "2:4" ? 4 : 8}).sum(1));
  } else if (made.name == "wanda") {
    counts.push_back(zeros.sum(1));
  } else if (made.name == "sparsegpt") {
    for (const auto& columns : zeros.split(block, 1))
      counts.push_back(columns.sum().unsqueeze(0));
  } else {
    counts.push_back(zeros.sum().unsqueeze(0));
  }
  const auto all = at::cat(counts).contiguous();
  return {all.data_ptr<std::int64_t>(), all.data_ptr<std::int64_t>() + all.numel()};
}

/// floor(ratio · n) for the same groups, the ratio in hundredths.
std::vector<std::int64_t> expected_counts(const Made& made, const at::Tensor& weight, double ratio) {
  const auto hundredths = std::llround(100 * ratio);
  const auto [out, in] = std::pair{weight.size(0), weight.size(1)};
  const auto floor_of = [&](std::int64_t n) { return hundredths * n / 100; };
  if (made.pattern != "unstructured") {
    const std::int64_t m = made.pattern == "2:4" ? 4 : 8;
    return std::vector<std::int64_t>(static_cast<std::size_t>(out * in / m), floor_of(m));
  }
  if (made.name == "wanda") return std::vector<std::int64_t>(static_cast<std::size_t>(out), floor_of(in));
  if (made.name.starts_with("sparse-")) return {floor_of(out * in)};
  std::vector<std::int64_t> counts;
  for (std::int64_t first = 0; first < in; first += block)
    counts.push_back(floor_of(out * std::min(block, in - first)));
  return counts;
}

TEST(WeightPruner, ZeroesExactlyItsShareOfEveryGroupOfComparedWeights) {
  const auto base = random_model(divisible_config(), 2);
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  for (const auto& made : all_of_them()) {
    const auto ratios = ratios_of(made.pattern);
    const auto variants = cut(*made.pruner, base, ratios, texts);
    for (std::size_t v = 0; v < ratios.size(); ++v)
      for (const auto& layer : variants[v].layers)
        for (const auto p : all_projections) {
          const auto& weight = layer.projection(p).weight;
          EXPECT_EQ(zero_counts(made, weight), expected_counts(made, weight, ratios[v]))
              << told(made, fmt::format("{} at {}", projection_name(p), ratios[v]));
        }
  }
}

TEST(WeightPruner, WhatASmallerRatioZeroesEveryLargerOneZeroesToo) {
  const auto base = random_model(divisible_config(), 3);
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  for (const auto& made : all_of_them()) {
    const auto variants = cut(*made.pruner, base, ratios_of(made.pattern), texts);
    for (std::size_t v = 1; v < variants.size(); ++v)
      for (std::size_t l = 0; l < base.layers.size(); ++l)
        for (const auto p : all_projections) {
          const auto smaller = variants[v - 1].layers[l].projection(p).weight.eq(0);
          const auto larger = variants[v].layers[l].projection(p).weight.eq(0);
          EXPECT_FALSE((smaller & ~larger).any().item<bool>())
              << told(made, fmt::format("layer {} {}, variant {}", l, projection_name(p), v));
        }
  }
}

/// Each ratio changes what later layers see: made alone, the larger one keeps some of what the smaller one zeroes.
TEST(WeightPruner, WouldNotBeNestedWereEachRatioMadeAlone) {
  const auto base = random_model(divisible_config(), 3);
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  for (const std::string name : {"wanda", "sparsegpt"}) {
    const auto pruner = pruners().make(name, name == "wanda" ? Parameters{} : Parameters{{"block", 4.0}});
    const auto small = cut(*pruner, base, {0.5}, texts).front();
    const auto large = cut(*pruner, base, {0.55}, texts).front();
    bool nested = true;
    for (std::size_t l = 0; l < base.layers.size(); ++l)
      for (const auto p : all_projections)
        nested = nested && !(small.layers[l].projection(p).weight.eq(0) & large.layers[l].projection(p).weight.ne(0))
                                .any()
                                .item<bool>();
    EXPECT_FALSE(nested) << name << " would be nested by itself, so the tests of nesting show nothing";
  }
}

/// Channel 5 of what the first layer's q, k and v multiply is 0 in every text.
TEST(WeightPruner, WeightsOfADeadInputGoFirst) {
  auto base = random_model(divisible_config(), 4);
  base.layers[0].input_norm[5].fill_(0);
  const auto texts = random_texts(base.config.vocabulary, 3, 9);
  const auto wanda = cut(*pruners().make("wanda"), base, {0.1}, texts).front();
  const auto sparsegpt = cut(*pruners().make("sparsegpt"), base, {0.01}, texts).front();
  for (const auto p : {Projection::q, Projection::k, Projection::v}) {
    const auto& zeroed = wanda.layers[0].projection(p).weight;
    EXPECT_TRUE(zeroed.select(1, 5).eq(0).all().item<bool>()) << "wanda, " << projection_name(p);
    EXPECT_EQ(zeroed.eq(0).sum().item<std::int64_t>(), zeroed.size(0)) << "one of a row's sixteen is a tenth of it";
    EXPECT_TRUE(sparsegpt.layers[0].projection(p).weight.select(1, 5).eq(0).all().item<bool>())
        << "sparsegpt zeroes all of them, whatever the ratio: " << projection_name(p);
  }
}

TEST(WeightPruner, AHeldFormOfTheBaseIsNotThatOfItsVariants) {
  auto base = random_model(divisible_config());
  base = hold(base, Precision::bf16);
  const auto variant = cut(*pruners().make("sparse-magnitude"), base, {0.0, 0.4}, {});
  EXPECT_TRUE(variant[0].layers[1].gate.held.defined());
  EXPECT_FALSE(variant[1].layers[1].gate.held.defined());
}

}  // namespace
}  // namespace edgefuse::llm
