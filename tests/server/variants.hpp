#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "llm/update.hpp"
#include "llm/variant.hpp"
#include "server/recovery/recovery.hpp"
#include "sim/random.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server::testing {

/// Sizes that a variant cuts, with grouped-query attention; no two of a matrix's sides agree.
inline llm::ModelConfig random_config(sim::Draws& draws) {
  auto config = llm::testing::small_config();
  config.hidden = 9 + static_cast<std::int64_t>(draws.below(6));
  config.intermediate = 31 + static_cast<std::int64_t>(draws.below(20));
  config.layers = 3;
  config.kv_heads = 2 + static_cast<std::int64_t>(draws.below(4));
  config.heads = config.kv_heads * (1 + static_cast<std::int64_t>(draws.below(3)));
  config.head_dim = 8;
  return config;
}

/// Any ratio, now and then one so high that a single group and a single neuron are left.
inline llm::VariantShape random_variant(const llm::ModelConfig& config, sim::Draws& draws) {
  const double ratio = draws.below(4) == 0 ? 0.999 : 0.9 * draws.uniform();
  return variant_shape(config, ratio, static_cast<std::int64_t>(draws.below(2)),
                       static_cast<std::int64_t>(draws.below(2)));
}

/// Every projection but v, rank 3 unless told otherwise.
inline llm::Adapter random_adapter(const llm::ModelConfig& config, const llm::VariantShape& shape, sim::Draws& draws,
                                   std::int64_t rank = 3) {
  llm::Adapter adapter;
  adapter.spec = {.rank = rank, .alpha = 7, .rslora = draws.below(2) == 0, .targets = {}};
  for (const auto p : llm::all_projections)
    if (p != llm::Projection::v) adapter.spec.targets.push_back(p);
  for (std::size_t l = 0; l < shape.layers.size(); ++l)
    for (const auto p : adapter.spec.targets) {
      const auto [out, in] = projection_shape(config, shape.layers[l], p);
      adapter.modules[{.layer = static_cast<std::int32_t>(l), .projection = p}] = {
          .a = random_tensor({rank, in}, draws), .b = random_tensor({out, rank}, draws)};
    }
  return adapter;
}

/// A base, a variant of it, and what a client sends after training on that.
struct Sent {
  llm::Model base;
  llm::Model variant;
  llm::Update update;

  explicit Sent(sim::Draws& draws) : Sent{random_config(draws), draws} {}
  Sent(const llm::ModelConfig& config, sim::Draws& draws) : Sent{config, random_variant(config, draws), draws} {}
  Sent(const llm::ModelConfig& config, const llm::VariantShape& shape, sim::Draws& draws)
      : base{llm::testing::random_model(config, draws.bits())},
        variant{llm::slice(base, shape)},
        update{.client = 4, .variant = shape, .adapter = random_adapter(config, shape, draws)} {}

  [[nodiscard]] RecoveryContext context(std::uint64_t seed = 1, std::uint32_t round = 0) const {
    return {.base = base, .variant = variant, .seed = seed, .round = round};
  }
  [[nodiscard]] const at::Tensor& base_weight(llm::ModuleId id) const {
    return base.layers[static_cast<std::size_t>(id.layer)].projection(id.projection).weight;
  }
  [[nodiscard]] at::Tensor& variant_weight(llm::ModuleId id) {
    return variant.layers[static_cast<std::size_t>(id.layer)].projection(id.projection).weight;
  }
  /// What `method` makes of it; the test fails when that is a refusal.
  [[nodiscard]] llm::ModelDelta recovered(const char* method, const Parameters& parameters = {}, std::uint64_t seed = 1,
                                          std::uint32_t round = 0) const {
    const auto result = recoveries().make(method, parameters)->recover(update, context(seed, round));
    if (const auto* refused = std::get_if<Refusal>(&result)) {
      ADD_FAILURE() << method << " refused: " << refused->text();
      return {};
    }
    return std::get<llm::ModelDelta>(result);
  }
};

}  // namespace edgefuse::server::testing
