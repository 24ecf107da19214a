#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "llm/costs.hpp"
#include "llm/training.hpp"
#include "tests/llm/counted_memory.hpp"
#include "tests/llm/small_model.hpp"

// The memory model beside what the engine allocates while one client trains one step: weights, factors, moments and all
// it needs in between. Sizes are such that a step takes tens of megabytes, and constants nothing.
namespace edgefuse::llm {
namespace {

using edgefuse::testing::MemoryCount;
using testing::random_model;

const std::vector<Projection> every{all_projections.begin(), all_projections.end()};

struct Case {
  std::string name;
  std::string family = "llama";
  std::int64_t rows = 3, sequence = 160;
  std::int64_t layers = 5, neurons = 448, heads = 6, kv_heads = 3, vocabulary = 700;
  double labelled = 1;  // share of the positions, the last ones of each text
  bool recompute = false;
  double ratio = 0;
  double density = 1;
  std::int64_t dropped = 0;  // layers, after the first
  std::int64_t rank = 4;
  std::vector<Projection> targets = every;
  Quantisation storage = Quantisation::none;
  Optimiser optimiser = Optimiser::adamw;
  double momentum = 0;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

ModelConfig config_of(const Case& c) {
  ModelConfig config = testing::small_config(c.family);
  config.hidden = 192;
  config.head_dim = 28;
  config.intermediate = c.neurons;
  config.layers = c.layers;
  config.heads = c.heads;
  config.kv_heads = c.kv_heads;
  config.vocabulary = c.vocabulary;
  config.max_positions = 1024;
  return config;
}

/// The variant alone, as a device has it: a slice shares the base's memory, and a base held quantised keeps its float32
/// weights too, which training does not read: one row of nothing stands for them all.
Model as_on_a_device(const Model& variant) {
  Model model = variant;
  const auto own = [](at::Tensor& x) {
    if (x.defined()) x = x.clone(at::MemoryFormat::Contiguous);
  };
  const at::Tensor unread = at::full({1, std::max(model.config.hidden, model.config.intermediate)}, NAN);
  own(model.embedding);
  own(model.final_norm);
  own(model.head);
  for (Layer& layer : model.layers) {
    for (at::Tensor* norm : {&layer.input_norm, &layer.post_attn_norm, &layer.q_norm, &layer.k_norm})
      own(*norm);
    for (const Projection projection : all_projections) {
      Linear& linear = layer.projection(projection);
      own(linear.bias);
      own(linear.held.numbers);
      own(linear.held.scales);
      if (linear.held.defined())
        linear.weight = unread.narrow(1, 0, linear.in()).expand({linear.out(), linear.in()});
      else
        own(linear.weight);
    }
  }
  return model;
}

Batch texts(const Case& c) {
  sim::Draws draws{{.seed = 5, .domain = sim::Domain::test}};
  const auto first_label = static_cast<std::int64_t>((1 - c.labelled) * static_cast<double>(c.sequence));
  Batch batch;
  for (std::int64_t row = 0; row < c.rows; ++row) {
    Sequence text;
    for (std::int64_t i = 0; i < c.sequence; ++i) {
      text.ids.push_back(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(c.vocabulary))));
      text.labels.push_back(i > 0 && i >= first_label ? text.ids.back() : no_label);
    }
    batch.push_back(std::move(text));
  }
  return batch;
}

StepShape shape_of_step(const Case& c, const Batch& batch) {
  std::int64_t labels = 0;
  for (const Sequence& text : batch)
    labels += text.label_count();
  return {.rows = c.rows,
          .sequence = c.sequence,
          .labelled_share = static_cast<double>(labels) / static_cast<double>(c.rows * c.sequence),
          .recompute = c.recompute};
}

Storage stored(Quantisation quantisation) {
  switch (quantisation) {
    case Quantisation::int8:
      return Storage::int8;
    case Quantisation::nf4:
      return Storage::nf4;
    case Quantisation::none:
      break;
  }
  return Storage::fp32;
}

CostOptions options_of(const Case& c) {
  const int moments = c.optimiser == Optimiser::adamw ? 2 : c.momentum > 0 ? 1 : 0;
  return {.weights = stored(c.storage), .moments = moments};
}

/// Beside quantised projections a device keeps halves, and the engine float32: two bytes more of each of those numbers.
Bytes floats_in_place_of_halves(const Case& c, const VariantShape& shape) {
  if (c.storage == Quantisation::none) return Bytes{0};
  const ModelConfig config = config_of(c);
  double projections = 0;
  for (const LayerShape& layer : shape.layers) {
    for (const Projection p : all_projections) {
      const auto [out, in] = projection_shape(config, layer, p);
      projections += static_cast<double>(out * in);
    }
  }
  return Bytes{2 * (static_cast<double>(parameters(config, shape)) - projections)};
}

struct Memory {
  double weights = 0;
  double peak = 0;
};

/// What one client's step allocates, the variant included.
Memory measured(const Case& c, const VariantShape& shape) {
  const Model base = hold(random_model(config_of(c)), Precision::fp32, c.storage);
  const Model slices = slice(base, shape);
  const LoraSpec spec{.rank = c.rank, .alpha = 8, .targets = c.targets};
  std::vector<TrainingJob> jobs;
  jobs.push_back({.initial = make_adapter(slices, spec, 3, 0), .steps = {texts(c)}});
  const MemoryCount count;
  const Model variant = as_on_a_device(slices);
  const auto weights = static_cast<double>(count.live());
  const auto trained =
      train_gang(variant, jobs, {.optimiser = c.optimiser, .momentum = c.momentum, .recompute = c.recompute});
  EXPECT_FALSE(trained.front().stopped) << "the step must have been taken";
  return {weights, static_cast<double>(count.peak())};
}

Memory predicted(const Case& c, const VariantShape& shape) {
  const ModelConfig config = config_of(c);
  const LoraSpec spec{.rank = c.rank, .alpha = 8, .targets = c.targets};
  const Bytes more = floats_in_place_of_halves(c, shape);
  const auto options = options_of(c);
  return {(weight_bytes(config, shape, options) + more).value,
          (peak_training_memory(config, shape, spec, shape_of_step(c, texts(c)), options) + more).value};
}

std::vector<Case> cases() {
  return {
      {.name = "AFewTexts"},
      {.name = "OneLongText", .rows = 1, .sequence = 900},
      {.name = "ManyShortTexts", .rows = 24, .sequence = 30},
      {.name = "LittleToRead", .rows = 1, .sequence = 20, .layers = 7},
      {.name = "AnswersOnly", .layers = 9, .labelled = 0.2},
      {.name = "FourLayersMostlyPrompt", .layers = 4, .labelled = 0.2},
      {.name = "Recomputed", .layers = 9, .recompute = true},
      {.name = "RecomputedLongText", .rows = 1, .sequence = 900, .layers = 12, .recompute = true},
      {.name = "PrunedByThird", .ratio = 0.34},
      {.name = "PrunedToTheBone", .kv_heads = 6, .ratio = 0.8},
      {.name = "PrunedAndRecomputed", .layers = 8, .recompute = true, .ratio = 0.5},
      {.name = "MostWeightsZero", .density = 0.3},
      {.name = "LayersDropped", .layers = 8, .dropped = 4},
      {.name = "LayersDroppedAndRecomputed", .layers = 9, .recompute = true, .dropped = 4},
      {.name = "HighRank", .rank = 24},
      {.name = "QueriesAndValuesOnly", .targets = {Projection::q, Projection::v}},
      {.name = "LargeVocabulary", .rows = 2, .sequence = 140, .vocabulary = 33000},
      {.name = "LogitsBeyondOneChunk", .rows = 4, .sequence = 200, .vocabulary = 50000},
      {.name = "WideMlp", .neurons = 1100},
      {.name = "Int8", .storage = Quantisation::int8},
      {.name = "Int8Pruned", .ratio = 0.5, .storage = Quantisation::int8},
      {.name = "Nf4", .storage = Quantisation::nf4},
      {.name = "Nf4ShortTexts", .rows = 2, .sequence = 24, .neurons = 500, .storage = Quantisation::nf4},
      {.name = "Nf4Recomputed", .layers = 10, .recompute = true, .storage = Quantisation::nf4},
      {.name = "Sgd", .rank = 12, .optimiser = Optimiser::sgd},
      {.name = "SgdWithMomentum", .rank = 12, .optimiser = Optimiser::sgd, .momentum = 0.9},
      {.name = "Qwen2", .family = "qwen2"},
      {.name = "Qwen3", .family = "qwen3", .neurons = 140},
  };
}

class MemoryModel : public ::testing::TestWithParam<Case> {};

TEST_P(MemoryModel, IsWithin15PercentOfWhatTheEngineAllocates) {
  const Case& c = GetParam();
  auto shape = variant_shape(config_of(c), c.ratio, 1, 0);
  for (LayerShape& layer : shape.layers)
    layer.density = c.density;
  std::fill_n(shape.layers.begin() + 1, c.dropped, LayerShape{});
  const Memory real = measured(c, shape);
  const Memory model = predicted(c, shape);
  constexpr double mega = 1e6;
  RecordProperty("measured_mb", fmt::format("{:.3f}", real.peak / mega));
  RecordProperty("predicted_mb", fmt::format("{:.3f}", model.peak / mega));
  EXPECT_NEAR(model.weights / real.weights, 1, 0.04) << "the weights alone; a tensor takes half a kilobyte beside";
  EXPECT_NEAR(model.peak / real.peak, 1, 0.15)
      << fmt::format("the engine took {:.3f} MB, {:.3f} MB of it weights; the model says {:.3f} MB", real.peak / mega,
                     real.weights / mega, model.peak / mega);
}

INSTANTIATE_TEST_SUITE_P(Steps, MemoryModel, ::testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace edgefuse::llm
