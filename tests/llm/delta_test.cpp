#include "llm/delta.hpp"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;

Adapter adapter_of(const Model& model, double alpha) {
  Adapter adapter = make_adapter(
      model, {.rank = 2, .alpha = alpha, .rslora = false, .targets = {Projection::k, Projection::gate}}, 3, 1);
  for (auto& [id, factors] : adapter.modules) {
    factors.b = (at::arange(factors.b.numel(), at::kFloat) / 10 - 1).view(factors.b.sizes());
  }
  return adapter;
}

TEST(Delta, IsTheScaledProductOfTheFactors) {
  const Adapter adapter = adapter_of(random_model(small_config()), 5);
  const ModelDelta delta = to_delta(adapter);
  ASSERT_EQ(delta.size(), 4);
  for (const auto& [id, factors] : adapter.modules) {
    const at::Tensor matrix = dense(delta.at(id));
    ASSERT_EQ(matrix.size(0), factors.b.size(0));
    ASSERT_EQ(matrix.size(1), factors.a.size(1));
    for (std::int64_t row = 0; row < matrix.size(0); ++row) {
      for (std::int64_t column = 0; column < matrix.size(1); ++column) {
        double sum = 0;
        for (std::int64_t r = 0; r < 2; ++r) {
          sum += factors.b[row][r].item<double>() * factors.a[r][column].item<double>();
        }
        EXPECT_NEAR(matrix[row][column].item<double>(), 2.5 * sum, 1e-6) << id.name();
      }
    }
  }
}

TEST(Delta, KeepsADenseMatrixAsItIs) {
  const at::Tensor matrix = at::arange(6, at::kFloat).view({2, 3});
  EXPECT_TRUE(dense(Dense{matrix}).is_same(matrix));
}

TEST(AppliedDelta, AddsToTheWeightsItNamesAndSharesAllOthers) {
  const Model model = random_model(small_config());
  const at::Tensor before = model.layers[1].gate.weight.clone();
  ModelDelta delta = to_delta(adapter_of(model, 4));
  delta[{0, Projection::down}] = Dense{at::full({12, 20}, 0.5F)};
  const Model changed = llm::apply(model, delta);

  EXPECT_TRUE(at::allclose(changed.layers[1].gate.weight, before + dense(delta.at({1, Projection::gate}))));
  EXPECT_FALSE(at::equal(changed.layers[1].gate.weight, before)) << "nothing was added";
  EXPECT_TRUE(at::equal(changed.layers[0].down.weight, model.layers[0].down.weight + 0.5));
  EXPECT_TRUE(at::equal(model.layers[1].gate.weight, before)) << "the model that was given changed";
  EXPECT_TRUE(changed.layers[1].down.weight.is_same(model.layers[1].down.weight));
  EXPECT_TRUE(changed.layers[0].q.weight.is_same(model.layers[0].q.weight));
  EXPECT_TRUE(changed.embedding.is_same(model.embedding));
}

TEST(AppliedDelta, IsComputedInTheModelsOwnPrecision) {
  const Model model = random_model(small_config(), 1, at::kDouble);
  const Adapter adapter = adapter_of(model, 2);  // scale 1: nothing is rounded but the products
  const Model changed = llm::apply(model, to_delta(adapter));
  const LoraFactors& factors = adapter.modules.at({0, Projection::k});
  const at::Tensor exact = at::matmul(factors.b.to(at::kDouble), factors.a.to(at::kDouble));
  const at::Tensor error = changed.layers[0].k.weight - model.layers[0].k.weight - exact;
  EXPECT_EQ(changed.layers[0].k.weight.scalar_type(), at::kDouble);
  EXPECT_LT(error.abs().max().item<double>(), 1e-15);
}

TEST(AppliedDelta, OfNothingIsTheModel) {
  const Model model = random_model(small_config());
  const Model same = llm::apply(model, {});
  for (const auto& [name, tensor] : named_tensors(same))
    EXPECT_TRUE(tensor.defined()) << name;
  EXPECT_TRUE(same.layers[1].up.weight.is_same(model.layers[1].up.weight));
}

TEST(AppliedDeltaDeathTest, RefusesAMatrixOfAnotherShape) {
  const Model model = random_model(small_config());
  const ModelDelta delta = {{{0, Projection::down}, Dense{at::zeros({20, 12})}}};
  EXPECT_DEATH((void)llm::apply(model, delta), "shape of the weight");
}

}  // namespace
}  // namespace edgefuse::llm
