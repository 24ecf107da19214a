#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/engine/gang.hpp"
#include "llm/model.hpp"
#include "llm/reference.hpp"
#include "llm/sequence.hpp"
#include "llm/variant.hpp"
#include "sim/random.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm::testing {

inline const std::vector<Projection> all_targets(all_projections.begin(), all_projections.end());

/// A random model that has everything at once a family may have, in float64 unless told otherwise.
inline ModelConfig rich_config() {
  ModelConfig config = small_config();
  config.layers = 3;
  config.qkv_bias = true;
  config.qk_norm = true;
  return config;
}

/// Layers of different sizes, as column and row slices of the base.
inline Model uneven_variant(const Model& base) {
  VariantShape shape{0.4, {}};
  for (std::size_t layer = 0; layer < base.layers.size(); ++layer)
    shape.layers.push_back({layer % 2 == 0 ? std::int64_t{1} : base.config.kv_heads,
                            base.config.intermediate - 7 * static_cast<std::int64_t>(layer)});
  return slice(base, shape);
}

/// An adapter in the model's type; B starts away from 0, so that every gradient matters.
inline Adapter random_adapter(const Model& model, const std::vector<Projection>& targets, std::uint32_t member = 0,
                              std::int64_t rank = 3) {
  Adapter adapter = make_adapter(model, {.rank = rank, .alpha = 5, .targets = targets}, 7, member);
  sim::Draws draws{{.seed = 11, .domain = sim::Domain::test, .client = member}};
  for (auto& [id, factors] : adapter.modules) {
    factors.a = factors.a.to(model.embedding.scalar_type());
    factors.b = at::empty_like(factors.b);
    for (std::int64_t i = 0; i < factors.b.numel(); ++i)
      factors.b.data_ptr<float>()[i] = static_cast<float>(0.3 * draws.normal());
    factors.b = factors.b.to(model.embedding.scalar_type());
  }
  return adapter;
}

/// Random rows of the given lengths; about `share` of the positions have a label. Two steps differ by `stream`.
inline Batch random_batch(const ModelConfig& config, const std::vector<std::int64_t>& lengths, double share,
                          std::uint32_t stream) {
  sim::Draws draws{{.seed = 5, .domain = sim::Domain::test, .round = stream}};
  Batch batch;
  for (const std::int64_t length : lengths) {
    Sequence sequence;
    for (std::int64_t i = 0; i < length; ++i) {
      sequence.ids.push_back(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(config.vocabulary))));
      sequence.labels.push_back(draws.uniform() < share ? sequence.ids.back() : no_label);
    }
    batch.push_back(std::move(sequence));
  }
  batch.front().labels.back() = batch.front().ids.back();
  return batch;
}

/// A loss and its gradients by module.
struct Gradients {
  double loss = 0;
  Adapter by_module;
};

/// What autograd says: row after row, since the reference takes no rows of different lengths.
inline Gradients autograd_gradients(const Model& model, const Adapter& adapter, const Batch& batch) {
  Adapter leaf{adapter.spec, {}};
  for (const auto& [id, factors] : adapter.modules)
    leaf.modules[id] = {factors.a.detach().clone().requires_grad_(), factors.b.detach().clone().requires_grad_()};
  at::Tensor total = at::zeros({}, model.embedding.options());
  const auto labels = static_cast<double>(engine::label_count(batch));
  for (const Sequence& sequence : batch) {
    if (sequence.label_count() == 0) continue;
    const auto logits = reference_logits(model, &leaf, at::tensor(sequence.ids).unsqueeze(0));
    const auto mean = reference_loss(logits, at::tensor(sequence.labels).unsqueeze(0));
    total = total + mean * (static_cast<double>(sequence.label_count()) / labels);
  }
  total.backward();
  Gradients result{total.item<double>(), {adapter.spec, {}}};
  for (const auto& [id, factors] : leaf.modules) {
    const auto gradient = [](const at::Tensor& x) { return x.grad().defined() ? x.grad() : at::zeros_like(x); };
    result.by_module.modules[id] = {gradient(factors.a), gradient(factors.b)};
  }
  return result;
}

/// What a gang says, for every member; Gang is engine::Gang<T> or engine::TensorGang<T>. Member i draws its dropout
/// from seed 40 + i.
template <class Gang>
std::vector<Gradients> gang_gradients(const Model& model, const std::vector<Adapter>& adapters,
                                      const std::vector<Batch>& batches, const engine::GangOptions& options) {
  const at::NoGradGuard no_grad;
  std::vector<const Adapter*> members;
  std::vector<const Batch*> steps;
  for (std::size_t i = 0; i < adapters.size(); ++i) {
    members.push_back(&adapters[i]);
    steps.push_back(&batches[i]);
  }
  Gang gang{model, members, options};
  for (std::size_t i = 0; i < adapters.size(); ++i)
    gang.factors().dropout().begin_step(i, 40 + i);
  const auto losses = gang.losses_and_gradients(steps);
  std::vector<Gradients> result;
  for (std::size_t i = 0; i < adapters.size(); ++i)
    result.push_back({losses[i], gang.factors().store_gradients(i, adapters[i])});
  return result;
}

/// What the engine says. T is the model's type.
template <class T>
std::vector<Gradients> engine_gradients(const Model& model, const std::vector<Adapter>& adapters,
                                        const std::vector<Batch>& batches) {
  return gang_gradients<engine::Gang<T>>(model, adapters, batches, {.longest = model.config.max_positions});
}

/// max |a - b| over all factors, relative to the largest number in b.
inline double relative_difference(const Adapter& a, const Adapter& b) {
  double largest = 0;
  double difference = 0;
  for (const auto& [id, expected] : b.modules) {
    const LoraFactors& actual = a.modules.at(id);
    for (const auto& [x, y] : {std::pair{actual.a, expected.a}, std::pair{actual.b, expected.b}}) {
      largest = std::max(largest, y.abs().max().item<double>());
      difference = std::max(difference, (x - y).abs().max().item<double>());
    }
  }
  return difference / largest;
}

}  // namespace edgefuse::llm::testing
