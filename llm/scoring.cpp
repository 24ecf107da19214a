#include "llm/scoring.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <ATen/ATen.h>

#include "llm/checks.hpp"
#include "llm/engine/engine.hpp"
#include "llm/engine/tensor_scoring.hpp"
#include "llm/threads.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// A model and perhaps one adapter on it, ready to run passes forward.
template <class T>
class Scorer {
 public:
  Scorer(const Model& model, const Adapter* adapter, std::int64_t longest)
      : engine_{model, Precision::fp32, longest},
        factors_{{adapter != nullptr ? engine::FactorLayout{model, *adapter} : engine::FactorLayout{model}}} {
    if (adapter != nullptr) factors_.load(0, *adapter);
  }

  MatrixView<T> forward(const engine::Pass& pass) { return engine_.forward(pass, factors_); }
  [[nodiscard]] engine::Scratch<T>& scratch() { return engine_.scratch(); }

 private:
  engine::Engine<T> engine_;
  engine::GangFactors<T> factors_;
};

template <class T>
at::Tensor next_logits(const Model& model, const Adapter* adapter, std::span<const std::vector<std::int64_t>> texts,
                       std::span<const std::int64_t> candidates, std::int64_t longest) {
  Scorer<T> scorer{model, adapter, longest};
  engine::Head<T> head = candidates.empty() ? engine::Head<T>{model, Precision::fp32}
                                            : engine::Head<T>{model, Precision::fp32, candidates};
  const at::Tensor result = at::empty({static_cast<std::int64_t>(texts.size()), head.vocabulary()},
                                      at::TensorOptions().dtype(model.embedding.scalar_type()));
  const MatrixView<T> rows{result.data_ptr<T>(), result.size(0), result.size(1), result.size(1)};
  for (const engine::Pass& pass : engine::pack_last(texts, engine::default_token_budget)) {
    const auto first = static_cast<std::int64_t>(pass.sources.front());
    const auto end = first + static_cast<std::int64_t>(pass.sources.size());
    head.logits(scorer.forward(pass), rows.row_range(first, end), scorer.scratch());
  }
  return result.to(at::kFloat);
}

template <class T>
std::vector<SequenceLoss> losses_of(const Model& model, const Adapter* adapter, std::span<const Sequence> sequences,
                                    std::int64_t longest) {
  Scorer<T> scorer{model, adapter, longest};
  engine::Head<T> head{model, Precision::fp32};
  std::vector<SequenceLoss> result(sequences.size());
  std::vector<double> nll;
  for (const engine::Pass& pass : engine::pack_scored(sequences, engine::default_token_budget)) {
    nll.resize(static_cast<std::size_t>(pass.queries.size()));
    head.losses(scorer.forward(pass), pass.targets, nll, scorer.scratch());
    engine::add_to_texts(pass, nll, result);
  }
  return result;
}

void check_adapter(const Model& model, const Adapter* adapter) {
  if (adapter != nullptr) check_adapter_fits(*adapter, model, "adapter");
}

bool in_double(const Model& model) {
  EDGEFUSE_EXPECTS(model.embedding.scalar_type() == at::kFloat || model.embedding.scalar_type() == at::kDouble,
                   "a model in float32, or float64 for tests");
  return model.embedding.scalar_type() == at::kDouble;
}

}  // namespace

at::Tensor next_token_logits(const Model& model, const Adapter* adapter,
                             std::span<const std::vector<std::int64_t>> sequences,
                             std::span<const std::int64_t> candidates) {
  check_adapter(model, adapter);
  check_ids(model.config, candidates, "candidates");
  std::size_t longest = 1;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::string what = "text " + std::to_string(i);
    if (sequences[i].empty())
      throw InputError{{.key = what, .problem = "is empty", .remedy = "begin it with a BOS token or a word"}};
    check_text(model.config, sequences[i], what);
    longest = std::max(longest, sequences[i].size());
  }
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  const auto positions = static_cast<std::int64_t>(longest);
  if (!model.embedding.device().is_cpu())
    return in_double(model) ? engine::next_logits_on_device<double>(model, adapter, sequences, candidates, positions)
                            : engine::next_logits_on_device<float>(model, adapter, sequences, candidates, positions);
  return in_double(model) ? next_logits<double>(model, adapter, sequences, candidates, positions)
                          : next_logits<float>(model, adapter, sequences, candidates, positions);
}

std::vector<SequenceLoss> sequence_losses(const Model& model, const Adapter* adapter,
                                          std::span<const Sequence> sequences) {
  check_adapter(model, adapter);
  std::size_t longest = 1;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::string what = "text " + std::to_string(i);
    check_text(model.config, sequences[i].ids, what);
    for (const std::int64_t label : sequences[i].labels)
      if (label != no_label) check_ids(model.config, {&label, 1}, what + ", labels");
    longest = std::max(longest, sequences[i].ids.size());
  }
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  const auto positions = static_cast<std::int64_t>(longest);
  if (!model.embedding.device().is_cpu())
    return in_double(model) ? engine::losses_on_device<double>(model, adapter, sequences, positions)
                            : engine::losses_on_device<float>(model, adapter, sequences, positions);
  return in_double(model) ? losses_of<double>(model, adapter, sequences, positions)
                          : losses_of<float>(model, adapter, sequences, positions);
}

}  // namespace edgefuse::llm
