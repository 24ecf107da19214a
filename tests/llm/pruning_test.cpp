#include "llm/pruning/pruner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;
using Order = std::vector<std::int64_t>;

/// A model whose weights are all 1, so that every group ties with every other.
Model flat_model() {
  auto config = small_config();
  config.kv_heads = 3;
  config.heads = 6;
  auto model = random_model(config);
  for (auto& layer : model.layers)
    for (const auto p : all_projections)
      layer.projection(p).weight = at::ones_like(layer.projection(p).weight);
  return model;
}

Order rank_groups(const Model& model) {
  return order_of(pruners().make("magnitude")->rank(model, {})).layers[1].kv_heads;
}
Order rank_neurons(const Model& model) {
  return order_of(pruners().make("magnitude")->rank(model, {})).layers[1].neurons;
}

TEST(MagnitudePruner, EqualScoresKeepTheirOrder) {
  const auto model = flat_model();
  EXPECT_EQ(rank_groups(model), (Order{0, 1, 2}));
  EXPECT_EQ(rank_neurons(model).front(), 0);
  EXPECT_EQ(rank_neurons(model).back(), 19);
}

/// head_dim 6, two query heads per group: group 2 owns rows 12..17 of k and v, rows 24..35 of q, columns 24..35 of o.
TEST(MagnitudePruner, EveryCoupledWeightOfAGroupCounts) {
  for (const auto p : {Projection::q, Projection::k, Projection::v, Projection::o}) {
    auto model = flat_model();
    auto& weight = model.layers[1].projection(p).weight;
    const auto dim = p == Projection::o ? 1 : 0;
    const auto last = weight.size(dim) - 1;
    weight.select(dim, last).fill_(-9);
    EXPECT_EQ(rank_groups(model), (Order{2, 0, 1})) << projection_name(p);
    weight.select(dim, last).fill_(1);
    weight.select(dim, 0).fill_(0);
    EXPECT_EQ(rank_groups(model), (Order{1, 2, 0})) << projection_name(p);
  }
}

TEST(MagnitudePruner, EveryCoupledWeightOfANeuronCounts) {
  for (const auto p : {Projection::gate, Projection::up, Projection::down}) {
    auto model = flat_model();
    model.layers[1].projection(p).weight.select(p == Projection::down ? 1 : 0, 7).fill_(-2);
    EXPECT_EQ(rank_neurons(model).front(), 7) << projection_name(p);
    EXPECT_EQ(rank_groups(model), (Order{0, 1, 2})) << projection_name(p);
  }
}

TEST(Pruners, AnUnknownNameIsAnsweredWithTheNearest) {
  try {
    (void)pruners().make("magnitud", {}, {.file = "a.toml", .line = 7, .key = "pruning.method"});
    FAIL() << "an unknown pruner was made";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string{error.what()},
              "a.toml:7: pruning.method: unknown pruner \"magnitud\" (did you mean \"magnitude\"? known: magnitude, "
              "random, wanda-sp, flap, taylor, block-influence, sparse-random, sparse-magnitude, wanda, sparsegpt)");
  }
}

}  // namespace
}  // namespace edgefuse::llm
