#include "llm/costs.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include <cstdint>
#include <vector>

#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;

ModelConfig sized(std::int64_t hidden, std::int64_t intermediate, std::int64_t layers, std::int64_t heads,
                  std::int64_t kv_heads, std::int64_t head_dim, std::int64_t vocabulary) {
  ModelConfig config;
  config.model_type = "llama";
  config.hidden = hidden;
  config.intermediate = intermediate;
  config.layers = layers;
  config.heads = heads;
  config.kv_heads = kv_heads;
  config.head_dim = head_dim;
  config.vocabulary = vocabulary;
  return config;
}
ModelConfig llama2_7b() {
  return sized(4096, 11008, 32, 32, 32, 128, 32000);
}
ModelConfig tinyllama() {
  return sized(2048, 5632, 22, 32, 4, 64, 32000);
}

LoraSpec lora(std::int64_t rank, std::vector<Projection> targets) {
  return {.rank = rank, .alpha = 16, .rslora = false, .targets = std::move(targets)};
}
LoraSpec on_all(std::int64_t rank) {
  return lora(rank, {all_projections.begin(), all_projections.end()});
}

/// hidden 10, 30 neurons, 2 layers, 6 query heads on 3 KV heads of width 4, vocabulary 50.
ModelConfig tiny() {
  return sized(10, 30, 2, 6, 3, 4, 50);
}

/// Totals the models' publishers state.
TEST(Costs, ParametersOfPublishedModels) {
  EXPECT_EQ(parameters(llama2_7b(), full_shape(llama2_7b())), 6738415616);
  EXPECT_EQ(parameters(tinyllama(), full_shape(tinyllama())), 1100048384);
  auto llama32 = sized(2048, 8192, 16, 32, 8, 64, 128256);
  llama32.tied_head = true;
  EXPECT_EQ(parameters(llama32, full_shape(llama32)), 1235814400) << "Llama 3.2 1B";
  auto qwen2 = sized(896, 4864, 24, 14, 2, 64, 151936);
  qwen2.tied_head = true;
  qwen2.qkv_bias = true;
  EXPECT_EQ(parameters(qwen2, full_shape(qwen2)), 494032768) << "Qwen2 0.5B";
}

/// PEFT's "trainable params" of the usual examples.
TEST(Costs, AdapterParametersAsPeftCountsThem) {
  EXPECT_EQ(adapter_parameters(llama2_7b(), full_shape(llama2_7b()), lora(8, {Projection::q, Projection::v})), 4194304);
  EXPECT_EQ(adapter_parameters(llama2_7b(), full_shape(llama2_7b()), on_all(16)), 39976960);
}

TEST(Costs, ParametersAreThoseOfTheSlicedTensors) {
  for (const auto* type : {"llama", "qwen2", "qwen3"}) {
    for (const bool tied : {false, true}) {
      auto config = small_config(type);
      config.tied_head = tied;
      config.o_bias = config.mlp_bias = tied;
      const auto model = random_model(config);
      for (const double ratio : {0.0, 0.3, 0.6, 0.99}) {
        const auto shape = variant_shape(config, ratio, 1, 0);
        EXPECT_EQ(parameters(config, shape), slice(model, shape).parameters()) << type << ", ratio " << ratio;
      }
    }
  }
}

/// Per layer of `tiny`: q 24x10, k and v 12x10, o 10x24, gate and up 30x10, down 10x30 = 1620 numbers; rank 2 on q and
/// down: 2·(24+10) + 2·(10+30) = 148. 3 rows of 5: 15 tokens, 9 with a label.
TEST(Costs, StepFlopsByHand) {
  const StepShape step{.rows = 3, .sequence = 5, .labelled_share = 0.6};
  const auto spec = lora(2, {Projection::q, Projection::down});
  const double attention = 3 * (1 + 2 + 3 + 4 + 5) * 4 * 24;  // per row and position t: 4·t·H·e
  const double head = 2.0 * 9 * 50 * 10;
  EXPECT_DOUBLE_EQ(forward_flops(tiny(), full_shape(tiny()), spec, step).value,
                   2 * (2 * 15 * (1620 + 148) + attention) + head);
  EXPECT_DOUBLE_EQ(backward_flops(tiny(), full_shape(tiny()), spec, step).value,
                   2 * (2 * 15 * (1620 + 2 * 148) + 2 * attention) + head);
  EXPECT_EQ(
      step_flops(tiny(), full_shape(tiny()), spec, step),
      forward_flops(tiny(), full_shape(tiny()), spec, step) + backward_flops(tiny(), full_shape(tiny()), spec, step));
}

/// Bytes of the gradients of `tiny` in 15 tokens: 3·(15 + labels)·10, and 2·max(30 neurons, 24 + 12) for each token.
double passing_gradients(std::int64_t labels) {
  return static_cast<double>(3 * (15 + labels) * 10 + 15 * 2 * 36) * 4;
}

/// Numbers held: 2 layers of 1620 + 20 norms, final norm 10, embedding and head 500 each = 4290.
TEST(Costs, MemoryAndBytesByHand) {
  const StepShape step{.rows = 3, .sequence = 5, .labelled_share = 0.6};
  const auto spec = lora(2, {Projection::q, Projection::down});
  const auto whole = full_shape(tiny());
  const double activations = 15 * 2 * (4 * 10 + 2 * (24 + 12) + 3 * 30 + 6 + 2 * 2) * 4.0;
  const double logits = 9 * 50;
  const double adapter = 2 * 148;
  EXPECT_DOUBLE_EQ(weight_bytes(tiny(), whole).value, 2 * 4290);
  EXPECT_DOUBLE_EQ(weight_bytes(tiny(), whole, {.weights = Storage::fp32}).value, 4 * 4290);
  EXPECT_DOUBLE_EQ(activation_bytes(tiny(), whole, spec, step).value, activations);
  EXPECT_DOUBLE_EQ(peak_training_memory(tiny(), whole, spec, step).value,
                   2 * 4290 + activations + logits * 4 + passing_gradients(9) + 16 * adapter);
  EXPECT_DOUBLE_EQ(step_bytes(tiny(), whole, spec, step).value,
                   2 * 2 * (4290 - 500) + 15 * 10 * 2 + 2 * activations + 4 * logits * 4 + 9 * 4 * adapter);
  EXPECT_DOUBLE_EQ(upload_bytes(tiny(), whole, spec).value, 4 * adapter);
  EXPECT_DOUBLE_EQ(upload_bytes(tiny(), whole, spec, {.update_bits = 16}).value, 2 * adapter);
  EXPECT_DOUBLE_EQ(upload_bytes(tiny(), whole, spec, {.update_bits = 4.5}).value, std::ceil(4.5 * adapter / 8));
  EXPECT_DOUBLE_EQ(upload_bytes(tiny(), whole, spec, {.sent = Sent::b}).value, 4 * 2 * 2 * (24 + 10))
      << "rank 2, two layers: q has 24 outputs, down 10";
  EXPECT_DOUBLE_EQ(upload_bytes(tiny(), whole, spec, {.sent = Sent::one}).value, 2 * adapter);
  EXPECT_DOUBLE_EQ(download_bytes(tiny(), whole).value, 2 * 4290);
}

TEST(Costs, FactorsThatComeAlongAreChargedOnTheWayDown) {
  const StepShape step{.rows = 3, .sequence = 5};
  const auto spec = lora(2, {Projection::q, Projection::down});
  const auto whole = full_shape(tiny());
  const auto down = [&](const CostOptions& options) {
    return variant_cost(tiny(), whole, spec, step, options).download.value - download_bytes(tiny(), whole).value;
  };
  constexpr double a = 2 * 2 * (10 + 30);  // rank 2, two layers: q has 10 inputs, down 30
  constexpr double b = 2 * 2 * (24 + 10);
  EXPECT_DOUBLE_EQ(down({}), 0);
  EXPECT_DOUBLE_EQ(down({.carried = Sent::both}), 4 * (a + b));
  EXPECT_DOUBLE_EQ(down({.carried = Sent::a}), 4 * a);
  EXPECT_DOUBLE_EQ(down({.carried_bits = 16, .carried = Sent::both}), 2 * (a + b));
  EXPECT_DOUBLE_EQ(down({.carried_bits = 0.1 * 64, .carried = Sent::both}), std::ceil(0.8 * (a + b)));
  EXPECT_DOUBLE_EQ(down({.update_bits = 16, .sent = Sent::b, .carried = Sent::both}), 4 * (a + b));
}

TEST(Costs, MemoryIsThatOfTheStepWithTheMostLabelsAndTimeThatOfTheMean) {
  const StepShape mean{.rows = 3, .sequence = 5, .labelled_share = 0.2};
  StepShape uneven = mean;
  uneven.most_labels = 11;
  const auto spec = on_all(2);
  const auto even_cost = variant_cost(tiny(), full_shape(tiny()), spec, mean);
  const auto cost = variant_cost(tiny(), full_shape(tiny()), spec, uneven);
  EXPECT_DOUBLE_EQ((cost.peak_memory - even_cost.peak_memory).value,
                   (11 - 3) * 50 * 4 + passing_gradients(11) - passing_gradients(3));
  EXPECT_EQ(cost.forward, even_cost.forward);
  EXPECT_EQ(cost.backward, even_cost.backward);
  EXPECT_EQ(cost.traffic, even_cost.traffic);
}

/// Of the 4290 numbers 2·1620 are projections; the other 1050 stay fp16.
TEST(Costs, QuantiseTheProjectionsAndKeepTheRestInHalves) {
  const auto whole = full_shape(tiny());
  EXPECT_DOUBLE_EQ(weight_bytes(tiny(), whole, {.weights = Storage::int8}).value, 3240 * (1 + 4.0 / 64) + 2 * 1050);
  EXPECT_DOUBLE_EQ(weight_bytes(tiny(), whole, {.weights = Storage::nf4}).value, 3240 * (0.5 + 4.0 / 64) + 2 * 1050);
  EXPECT_EQ(download_bytes(tiny(), whole, {.weights = Storage::nf4}),
            weight_bytes(tiny(), whole, {.weights = Storage::nf4}));
}

/// `tiny` with zeros in the second layer's weights.
VariantShape half_sparse(double density, double index_bits) {
  auto shape = full_shape(tiny());
  shape.ratio = 1 - density;
  shape.layers[1].density = density;
  shape.layers[1].index_bits = index_bits;
  return shape;
}

/// Of the second layer's 1620 weights 0.35 are left, 567; a bit for each of the 1620 says which.
TEST(Costs, ZerosAreNeitherCountedNorSentButSayWhereTheyAre) {
  const auto shape = half_sparse(0.35, 1);
  EXPECT_EQ(parameters(tiny(), shape), 4290 - 1620 + 567);
  EXPECT_DOUBLE_EQ(download_bytes(tiny(), shape).value, 2 * (4290 - 1620 + 567) + 1620 / 8.0);
  EXPECT_DOUBLE_EQ(download_bytes(tiny(), shape, {.weights = Storage::fp32}).value,
                   4 * (4290 - 1620 + 567) + 1620 / 8.0);
  EXPECT_DOUBLE_EQ(download_bytes(tiny(), shape, {.weights = Storage::nf4}).value,
                   (1620 + 567) * (0.5 + 4.0 / 64) + 1620 / 8.0 + 2 * 1050);
  EXPECT_DOUBLE_EQ(download_bytes(tiny(), half_sparse(0.5, 1.5)).value, 2 * (4290 - 810) + 1620 * 1.5 / 8) << "4:8";
  EXPECT_EQ(parameters(tiny(), half_sparse(0.4444, 1)), 4290 - 1620 + 720) << "719.928, rounded";
}

TEST(Costs, ZerosAreMultipliedReadAndKeptInMemoryAsAnyWeight) {
  const StepShape step{.rows = 3, .sequence = 5, .labelled_share = 0.6};
  const auto spec = lora(2, {Projection::q, Projection::down});
  for (const auto weights : {Storage::fp16, Storage::int8}) {
    const CostOptions options{.weights = weights};
    const auto dense = variant_cost(tiny(), full_shape(tiny()), spec, step, options);
    const auto sparse = variant_cost(tiny(), half_sparse(0.35, 1), spec, step, options);
    EXPECT_EQ(sparse.forward, dense.forward);
    EXPECT_EQ(sparse.backward, dense.backward);
    EXPECT_EQ(sparse.traffic, dense.traffic);
    EXPECT_EQ(sparse.peak_memory, dense.peak_memory);
    EXPECT_EQ(sparse.upload, dense.upload);
    EXPECT_EQ(sparse.adapter_parameters, dense.adapter_parameters);
    EXPECT_LT(sparse.download, dense.download);
    EXPECT_LT(sparse.parameters, dense.parameters);
  }
}

/// 2^24 logits over a vocabulary of 2^20 are those of 16 labels.
TEST(Costs, LogitsAreHeldAChunkAtATime) {
  auto config = tiny();
  config.vocabulary = std::int64_t{1} << 20;
  const auto peak = [&](std::int64_t labels) {
    const StepShape step{.rows = 3, .sequence = 9, .labelled_share = 0, .most_labels = labels};
    return peak_training_memory(config, full_shape(config), on_all(2), step).value;
  };
  constexpr double of_a_label = 3 * 10 * 4;  // the gradients'
  EXPECT_DOUBLE_EQ(peak(16) - peak(15), 4.0 * (std::int64_t{1} << 20) + of_a_label);
  EXPECT_DOUBLE_EQ(peak(17) - peak(16), of_a_label);
}

/// The largest projection of `tiny` has 30 by 10 numbers, in float32 while it is multiplied with.
TEST(Costs, QuantisedWeightsAreMadeWholeOneAtATime) {
  const StepShape step{.rows = 3, .sequence = 5};
  const auto whole = full_shape(tiny());
  const auto peak = [&](Storage weights) {
    return peak_training_memory(tiny(), whole, on_all(2), step, {.weights = weights}) -
           weight_bytes(tiny(), whole, {.weights = weights});
  };
  EXPECT_DOUBLE_EQ((peak(Storage::int8) - peak(Storage::fp16)).value, 30 * 10 * 4);
  EXPECT_EQ(peak(Storage::nf4), peak(Storage::int8));
}

TEST(Costs, NormsOfQueriesAndKeysKeepWhatCameBeforeThem) {
  auto config = tiny();
  config.qk_norm = true;
  const StepShape step{.rows = 3, .sequence = 5};
  EXPECT_DOUBLE_EQ((activation_bytes(config, full_shape(config), on_all(2), step) -
                    activation_bytes(tiny(), full_shape(tiny()), on_all(2), step))
                       .value,
                   15 * 2 * (24 + 12) * 4);
}

TEST(Costs, RecomputationKeepsTheInputsOfBlocksAndPaysAForward) {
  StepShape step{.rows = 3, .sequence = 5, .labelled_share = 0};
  const auto spec = lora(2, {Projection::q, Projection::down});
  const auto whole = full_shape(tiny());
  const auto kept_flops = step_flops(tiny(), whole, spec, step);
  const auto forward = forward_flops(tiny(), whole, spec, step);
  step.recompute = true;
  EXPECT_EQ(step_flops(tiny(), whole, spec, step), kept_flops + forward);
  const double of_a_layer = 4 * 10 + 2 * (24 + 12) + 3 * 30 + 6 + 2 * 2;
  EXPECT_DOUBLE_EQ(activation_bytes(tiny(), whole, spec, step).value, 15 * (2 * 10 + of_a_layer) * 4.0);
}

TEST(Costs, AnOptimiserWithoutMomentsTakesLessMemory) {
  const StepShape step{.rows = 3, .sequence = 5};
  const auto spec = lora(2, {Projection::q, Projection::down});
  const auto whole = full_shape(tiny());
  const auto adamw = peak_training_memory(tiny(), whole, spec, step);
  const auto sgd = peak_training_memory(tiny(), whole, spec, step, {.moments = 0});
  EXPECT_DOUBLE_EQ((adamw - sgd).value, 8.0 * 2 * 148);
}

/// "2·N per token forward" (Kaplan et al., 2001.08361) for short sequences with every position labelled.
TEST(Costs, ForwardIsTwoFlopsPerParameterAndToken) {
  const auto config = tinyllama();
  const StepShape step{.rows = 4, .sequence = 16};
  const double multiplied = 1100048384 - 32000.0 * 2048;  // the embedding is looked up, not multiplied
  const auto flops = forward_flops(config, full_shape(config), on_all(1), step).value;
  EXPECT_NEAR(flops / (2 * multiplied * 64), 1, 0.01);
}

TEST(Costs, EveryCostFallsAsTheRatioRises) {
  const auto config = tinyllama();
  const StepShape step{.rows = 2, .sequence = 256, .labelled_share = 0.1};
  auto before = variant_cost(config, full_shape(config), on_all(8), step);
  for (const double ratio : {0.1, 0.3, 0.5, 0.7, 0.9}) {
    const auto cost = variant_cost(config, variant_shape(config, ratio, 2, 1), on_all(8), step);
    EXPECT_LT(cost.parameters, before.parameters) << ratio;
    EXPECT_LT(cost.adapter_parameters, before.adapter_parameters) << ratio;
    EXPECT_LT(cost.forward, before.forward) << ratio;
    EXPECT_LT(cost.backward, before.backward) << ratio;
    EXPECT_LT(cost.traffic, before.traffic) << ratio;
    EXPECT_LT(cost.peak_memory, before.peak_memory) << ratio;
    EXPECT_LT(cost.download, before.download) << ratio;
    EXPECT_LT(cost.upload, before.upload) << ratio;
    before = cost;
  }
}

TEST(Costs, RowsAddUp) {
  const auto config = tinyllama();
  const auto flops = [&](std::int64_t rows) {
    return step_flops(config, full_shape(config), on_all(8), {.rows = rows, .sequence = 100, .labelled_share = 0.2})
        .value;
  };
  EXPECT_DOUBLE_EQ(flops(7), 3 * flops(1) + 4 * flops(1));
}

}  // namespace
}  // namespace edgefuse::llm
