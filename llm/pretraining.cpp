#include "llm/pretraining.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <ATen/ATen.h>

#include "llm/adamw.hpp"
#include "llm/reference.hpp"
#include "llm/side_by_side.hpp"
#include "llm/tensor_names.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm {
namespace {

constexpr std::size_t rows_of_a_task = 16;

/// All trained tensors in a fixed order; a tied head is the embedding and comes once. `Weights` is Model or const
/// Model.
template <class Weights, class Visit>
void for_each_weight(Weights& model, const Visit& visit) {
  const auto if_there = [&](auto& tensor) {
    if (tensor.defined()) visit(tensor);
  };
  visit(model.embedding);
  for (auto& layer : model.layers) {
    if (layer.dropped()) continue;
    for (auto* norm : {&layer.input_norm, &layer.post_attn_norm, &layer.q_norm, &layer.k_norm})
      if_there(*norm);
    for (const auto projection : all_projections) {
      visit(layer.projection(projection).weight);
      if_there(layer.projection(projection).bias);
    }
  }
  visit(model.final_norm);
  if (!model.config.tied_head) visit(model.head);
}

class Initialiser {
 public:
  explicit Initialiser(std::uint64_t seed) : seed_{seed} {}

  at::Tensor normal(std::int64_t rows, std::int64_t cols, double deviation) {
    sim::Draws draws{{seed_, sim::Domain::pretraining_init, 0, next_++}};
    at::Tensor tensor = at::empty({rows, cols}, at::kFloat);
    auto* values = tensor.data_ptr<float>();
    for (std::int64_t i = 0; i < rows * cols; ++i)
      values[i] = static_cast<float>(deviation * draws.normal());
    return tensor;
  }
  Linear linear(const MatrixShape& shape, bool bias, double scale) {
    const auto [out, in] = shape;
    return {normal(out, in, scale / std::sqrt(static_cast<double>(in))), bias ? at::zeros({out}) : at::Tensor{}};
  }

 private:
  std::uint64_t seed_;
  std::uint32_t next_ = 0;
};

/// Rows `first`, ..., `last - 1` of part `part`.
struct Task {
  std::size_t part;
  std::size_t first;
  std::size_t last;
  double weight;  // of a unit of row weight in the step's loss
};

std::vector<Task> divide(std::span<const PretrainingPart> parts) {
  std::vector<Task> tasks;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto& rows = parts[p].rows;
    double total = 0;
    for (const auto& row : rows) {
      EDGEFUSE_EXPECTS(row.ids.size() == row.weights.size() && row.ids.size() > 1, "every token has its weight");
      for (std::size_t i = 1; i < row.weights.size(); ++i)
        total += static_cast<double>(row.weights[i]);
    }
    EDGEFUSE_EXPECTS(rows.empty() || total > 0, "a part has something to predict");
    for (std::size_t first = 0; first < rows.size(); first += rows_of_a_task)
      tasks.push_back({p, first, std::min(rows.size(), first + rows_of_a_task), 1 / total});
  }
  return tasks;
}

/// Rows padded on the right to one length; padding is predicted by nobody and, causal as attention is, read by nobody.
struct Padded {
  at::Tensor ids;      // [rows, sequence]
  at::Tensor weights;  // [rows, sequence]
};

Padded pad(std::span<const WeightedSequence> rows) {
  std::size_t length = 0;
  for (const auto& row : rows)
    length = std::max(length, row.ids.size());
  const auto shape = {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(length)};
  Padded padded{at::zeros(shape, at::kLong), at::zeros(shape, at::kFloat)};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::ranges::copy(rows[r].ids, padded.ids.data_ptr<std::int64_t>() + r * length);
    std::ranges::copy(rows[r].weights, padded.weights.data_ptr<float>() + r * length);
  }
  return padded;
}

/// Sum over all predictions of weight times negative log-likelihood.
at::Tensor weighted_loss(const Model& model, const Padded& rows) {
  const std::int64_t predicted = rows.ids.size(1) - 1;
  const at::Tensor logits = reference_logits(model, nullptr, rows.ids.narrow(1, 0, predicted));
  const at::Tensor weights = rows.weights.narrow(1, 1, predicted).flatten();
  const at::Tensor chosen = weights.nonzero().flatten();
  const at::Tensor targets = rows.ids.narrow(1, 1, predicted).flatten().index_select(0, chosen);
  const at::Tensor log_p = at::log_softmax(logits.flatten(0, 1).index_select(0, chosen), -1);
  return -(log_p.gather(1, targets.unsqueeze(1)).squeeze(1) * weights.index_select(0, chosen)).sum();
}

/// The model over the same storage, whose tensors collect gradients of their own.
Model with_own_gradients(const Model& model) {
  Model leaves = model;
  for_each_weight(leaves, [](at::Tensor& tensor) { tensor = tensor.detach().set_requires_grad(true); });
  if (leaves.config.tied_head) leaves.head = leaves.embedding;
  return leaves;
}

struct Gradients {
  double loss = 0;
  std::vector<at::Tensor> tensors;
};

Gradients gradients_of(const Model& model, std::span<const WeightedSequence> rows, double weight, double share) {
  const Model leaves = with_own_gradients(model);
  const at::Tensor loss = weighted_loss(leaves, pad(rows)) * weight;
  (loss * share).backward();
  Gradients result{loss.item<double>(), {}};
  for_each_weight(leaves, [&](const at::Tensor& tensor) { result.tensors.push_back(tensor.grad()); });
  return result;
}

std::span<float> numbers(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

TrainingOptions adamw_options(const PretrainingOptions& options, bool decays) {
  return {.learning_rate = options.learning_rate,
          .weight_decay = decays ? options.weight_decay : 0,
          .beta1 = options.beta1,
          .beta2 = options.beta2,
          .epsilon = options.epsilon,
          .clip_norm = options.clip_norm};
}

}  // namespace

Model initial_model(const ModelConfig& config, std::uint64_t seed) {
  Initialiser init{seed};
  const std::int64_t hidden = config.hidden;
  const double branch = 1 / std::sqrt(2 * static_cast<double>(config.layers));
  Model model{.config = config, .embedding = {}, .final_norm = at::ones({hidden}), .head = {}, .layers = {}};
  model.embedding = init.normal(config.vocabulary, hidden, 0.05);
  model.head = config.tied_head ? model.embedding : init.normal(config.vocabulary, hidden, 0.05);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    Layer layer;
    layer.input_norm = at::ones({hidden});
    layer.post_attn_norm = at::ones({hidden});
    if (config.qk_norm) layer.q_norm = at::ones({config.head_dim}), layer.k_norm = at::ones({config.head_dim});
    for (const auto p : all_projections) {
      const bool ends_a_branch = p == Projection::o || p == Projection::down;
      layer.projection(p) = init.linear(base_shape(config, p), has_bias(config, p), ends_a_branch ? branch : 1);
    }
    model.layers.push_back(std::move(layer));
  }
  return model;
}

double PretrainingOptions::rate(std::int64_t step) const {
  if (step < warm_up) return learning_rate * static_cast<double>(step + 1) / static_cast<double>(warm_up);
  const double done =
      static_cast<double>(step - warm_up) / static_cast<double>(std::max<std::int64_t>(1, steps - warm_up));
  return learning_rate * std::max(0.02, (1 + std::cos(std::numbers::pi * done)) / 2);
}

struct Pretrainer::State {
  Model model;
  PretrainingOptions options;
  std::vector<AdamW<float>> optimisers;  // one for each tensor of for_each_weight
  std::vector<at::Tensor> masks;         // of each, 0 where it is to stay 0; undefined where nothing is
  std::int64_t steps_done = 0;

  [[nodiscard]] bool learns(std::size_t tensor) const {
    const std::size_t head = model.config.tied_head ? 0 : optimisers.size() - 1;
    return options.head_learns || tensor != head;
  }

  std::vector<Gradients> all_gradients(std::span<const PretrainingPart> parts, const std::vector<Task>& tasks) const {
    std::vector<Gradients> results(tasks.size());
    all_side_by_side(options.workers, tasks.size(), [&](std::size_t t) {
      const auto& [part, first, last, weight] = tasks[t];
      const std::span rows{parts[part].rows};
      results[t] = gradients_of(model, rows.subspan(first, last - first), weight, parts[part].share);
    });
    return results;
  }
};

Pretrainer::Pretrainer(Model model, const PretrainingOptions& options)
    : state_{std::make_unique<State>(State{std::move(model), options, {}, {}, 0})} {
  EDGEFUSE_EXPECTS(options.steps > 0 && options.warm_up >= 0 && options.workers > 0, "options are in range");
  Model& own = state_->model;
  for_each_weight(own, [&](at::Tensor& tensor) {
    EDGEFUSE_EXPECTS(tensor.scalar_type() == at::kFloat, "pre-training is in float32");
    tensor = tensor.detach().clone(at::MemoryFormat::Contiguous);
    const auto count = static_cast<std::size_t>(tensor.numel());
    state_->optimisers.emplace_back(adamw_options(options, tensor.dim() > 1), count);
    const bool masked =
        options.zeros_stay && tensor.dim() > 1 && at::count_nonzero(tensor).item<std::int64_t>() < tensor.numel();
    state_->masks.push_back(masked ? tensor.ne(0).to(at::kFloat) : at::Tensor{});
  });
  if (own.config.tied_head) own.head = own.embedding;
}

Pretrainer::~Pretrainer() = default;
Pretrainer::Pretrainer(Pretrainer&&) noexcept = default;
Pretrainer& Pretrainer::operator=(Pretrainer&&) noexcept = default;

PretrainingStep Pretrainer::step(std::span<const PretrainingPart> parts) {
  State& state = *state_;
  EDGEFUSE_EXPECTS(state.steps_done < state.options.steps, "there are steps left");
  const auto tasks = divide(parts);
  EDGEFUSE_EXPECTS(!tasks.empty(), "a step has rows");
  auto found = state.all_gradients(parts, tasks);

  PretrainingStep report{.rate = state.options.rate(state.steps_done), .grad_norm = 0, .losses = {}};
  report.losses.resize(parts.size());
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    report.losses[tasks[t].part] += found[t].loss;
    if (t == 0) continue;
    for (std::size_t i = 0; i < found[t].tensors.size(); ++i)
      found[0].tensors[i].add_(found[t].tensors[i]);
  }
  double squares = 0;
  for (std::size_t i = 0; i < found[0].tensors.size(); ++i) {
    if (!state.learns(i)) continue;
    auto& gradient = found[0].tensors[i];
    gradient = state.masks[i].defined() ? gradient * state.masks[i] : gradient.contiguous();
    const double of_tensor = norm(std::span<const float>{numbers(gradient)});
    squares += of_tensor * of_tensor;
  }
  report.grad_norm = std::sqrt(squares);
  if (!std::isfinite(report.grad_norm)) throw RunError{"pre-training met a gradient that is not finite"};

  const double factor = clip_factor(report.grad_norm, state.options.clip_norm);
  std::size_t i = 0;
  for_each_weight(state.model, [&](at::Tensor& tensor) {
    if (state.learns(i)) state.optimisers[i].step(numbers(tensor), numbers(found[0].tensors[i]), factor, report.rate);
    ++i;
  });
  ++state.steps_done;
  return report;
}

Model Pretrainer::model() const {
  Model copy = state_->model;
  for_each_weight(copy, [](at::Tensor& tensor) { tensor = tensor.clone(); });
  if (copy.config.tied_head) copy.head = copy.embedding;
  return copy;
}

}  // namespace edgefuse::llm
