#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <string>
#include <vector>

#include "tests/llm/sparse_models.hpp"

namespace edgefuse::llm {
namespace {

/// Large enough that LibTorch and OpenBLAS would share their loops out among threads, were they asked to.
ModelConfig large_config() {
  auto config = testing::small_config();
  config.hidden = 192;
  config.heads = 6;
  config.kv_heads = 3;
  config.head_dim = 28;
  config.intermediate = 448;
  config.max_positions = 64;
  return config;
}

std::vector<Model> cut_with(int threads, const std::string& name, const Model& base, const Calibration& texts) {
  at::set_num_threads(threads);
  auto variants = testing::cut(*pruners().make(name), base, {0.4, 0.7}, texts);
  at::set_num_threads(1);
  return variants;
}

TEST(WeightPrunerDeterminism, AnyNumberOfThreadsGivesTheSameBits) {
  const auto base = testing::random_model(large_config());
  const auto texts = testing::random_texts(base.config.vocabulary, 3, 40);
  for (const auto& name : testing::weight_pruners) {
    const auto one = cut_with(1, name, base, texts);
    const auto two = cut_with(2, name, base, texts);
    for (std::size_t v = 0; v < one.size(); ++v)
      for (std::size_t l = 0; l < base.layers.size(); ++l)
        for (const auto p : all_projections)
          EXPECT_TRUE(at::equal(one[v].layers[l].projection(p).weight, two[v].layers[l].projection(p).weight))
              << name << ", variant " << v << ", layer " << l << " " << projection_name(p);
  }
}

}  // namespace
}  // namespace edgefuse::llm
