#include "llm/variant.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include <ATen/ATen.h>

#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;

ModelConfig eight_layers() {
  auto config = small_config();
  config.layers = 8;
  config.kv_heads = 4;
  config.heads = 8;
  config.intermediate = 30;
  return config;
}

std::string complaint(double ratio, std::int64_t first, std::int64_t last) {
  try {
    (void)variant_shape(eight_layers(), ratio, first, last);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(Variant, KeepsTheRoundedShareOfEveryUnprotectedLayer) {
  const auto shape = variant_shape(eight_layers(), 0.65, 2, 1);
  ASSERT_EQ(shape.layers.size(), 8U);
  EXPECT_EQ(shape.ratio, 0.65);
  for (std::size_t l = 0; l < 8; ++l) {
    const bool protected_layer = l < 2 || l == 7;
    EXPECT_EQ(shape.layers[l].kv_heads, protected_layer ? 4 : 1) << "round(4 * 0.35) = 1, layer " << l;
    EXPECT_EQ(shape.layers[l].neurons, protected_layer ? 30 : 11) << "round(30 * 0.35 = 10.5) = 11, layer " << l;
  }
}

TEST(Variant, RefusesARatioThatKeepsNothing) {
  EXPECT_NE(complaint(1.0, 0, 0).find("ratio"), std::string::npos);
  EXPECT_NE(complaint(-0.1, 0, 0).find("ratio"), std::string::npos);
  EXPECT_NE(complaint(std::numeric_limits<double>::quiet_NaN(), 0, 0).find("ratio"), std::string::npos);
}

TEST(Variant, RefusesToPruneWhenEveryLayerIsProtected) {
  EXPECT_NE(complaint(0.5, 5, 3).find("all 8 layers are protected"), std::string::npos) << complaint(0.5, 5, 3);
  EXPECT_NE(complaint(0.5, -1, 0).find("negative"), std::string::npos);
  EXPECT_EQ(complaint(0, 5, 3), "") << "ratio 0 prunes nothing, whatever is protected";
}

TEST(Variant, SlicesShareTheBasesStorage) {
  const auto base = random_model(eight_layers());
  const auto variant = slice(base, variant_shape(base.config, 0.5, 0, 0));
  for (const auto p : all_projections) {
    const auto& part = variant.layers[3].projection(p).weight;
    const auto& whole = base.layers[3].projection(p).weight;
    EXPECT_EQ(part.data_ptr(), whole.data_ptr()) << projection_name(p) << " was copied";
    EXPECT_LT(part.numel(), whole.numel()) << projection_name(p);
  }
  EXPECT_EQ(variant.kv_heads(3), 2);
  EXPECT_EQ(variant.layers[3].gate.out(), 15);
}

TEST(VariantDeath, AnOrderThatNamesAGroupTwiceBreaksAnInvariant) {
  const auto base = random_model(small_config());
  ImportanceOrder order;
  for (std::int64_t l = 0; l < 2; ++l) {
    order.layers.push_back({.kv_heads = {0, 0}, .neurons = {}});
    for (std::int64_t i = 0; i < 20; ++i)
      order.layers.back().neurons.push_back(i);
  }
  EXPECT_DEATH((void)sort_by_importance(base, order), "names each one once");
}

}  // namespace
}  // namespace edgefuse::llm
