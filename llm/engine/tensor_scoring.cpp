#include "llm/engine/tensor_scoring.hpp"

#include <optional>

#include <ATen/ATen.h>

#include "llm/engine/tensor_gang.hpp"

namespace edgefuse::llm::engine {
namespace {

/// A model on a device and perhaps one adapter on it, ready to run passes forward.
template <class T>
class TensorScorer {
 public:
  TensorScorer(const Model& model, const Adapter* adapter, std::int64_t longest)
      : model_{model, Precision::fp32, longest} {
    if (adapter == nullptr) return;
    GangFactors<T> factors{{FactorLayout{model, *adapter}}};
    factors.load(0, *adapter);
    factors_.emplace(factors, 1, model.layers.size(), device());
  }

  /// [queries, vocabulary]
  [[nodiscard]] at::Tensor logits(const Pass& pass) const {
    const TensorPass on_device{pass, device()};
    if (!factors_) return model_.logits(model_.forward(on_device, nullptr));
    const TensorAdapters adapters{*factors_, no_dropout_};
    return model_.logits(model_.forward(on_device, &adapters));
  }
  [[nodiscard]] at::Device device() const { return model_.device(); }

 private:
  TensorModel model_;
  std::optional<TensorFactors> factors_;
  Dropout no_dropout_;
};

}  // namespace

template <class T>
at::Tensor next_logits_on_device(const Model& model, const Adapter* adapter,
                                 std::span<const std::vector<std::int64_t>> texts,
                                 std::span<const std::int64_t> candidates, std::int64_t longest) {
  const TensorScorer<T> scorer{model, adapter, longest};
  std::vector<at::Tensor> parts;
  for (const Pass& pass : pack_last(texts, device_token_budget, Beginnings::repeated)) {
    at::Tensor logits = scorer.logits(pass);
    if (!candidates.empty()) logits = logits.index_select(1, indices_on(candidates, scorer.device()));
    parts.push_back(logits.cpu());
  }
  return at::cat(parts).to(at::kFloat);
}

template <class T>
std::vector<SequenceLoss> losses_on_device(const Model& model, const Adapter* adapter,
                                           std::span<const Sequence> sequences, std::int64_t longest) {
  const TensorScorer<T> scorer{model, adapter, longest};
  std::vector<SequenceLoss> result(sequences.size());
  for (const Pass& pass : pack_scored(sequences, device_token_budget, Beginnings::repeated)) {
    const at::Tensor targets = indices_on(pass.targets, scorer.device()).unsqueeze(1);
    const at::Tensor nll = at::log_softmax(scorer.logits(pass), -1).gather(1, targets).neg().to(at::kDouble).cpu();
    add_to_texts(pass, {nll.data_ptr<double>(), pass.targets.size()}, result);
  }
  return result;
}

void add_to_texts(const Pass& pass, std::span<const double> nll, std::span<SequenceLoss> texts) {
  const std::size_t own_rows = pass.queries.rows.size() - pass.sources.size();  // after what all share
  for (std::size_t row = 0; row < pass.sources.size(); ++row) {
    SequenceLoss& loss = texts[pass.sources[row]];
    const Span span = pass.queries.rows[own_rows + row];
    loss.labels = span.size();
    for (std::int64_t i = span.begin; i < span.end; ++i)
      loss.nll += nll[static_cast<std::size_t>(i)];
  }
}

template at::Tensor next_logits_on_device<float>(const Model&, const Adapter*,
                                                 std::span<const std::vector<std::int64_t>>,
                                                 std::span<const std::int64_t>, std::int64_t);
template at::Tensor next_logits_on_device<double>(const Model&, const Adapter*,
                                                  std::span<const std::vector<std::int64_t>>,
                                                  std::span<const std::int64_t>, std::int64_t);
template std::vector<SequenceLoss> losses_on_device<float>(const Model&, const Adapter*, std::span<const Sequence>,
                                                           std::int64_t);
template std::vector<SequenceLoss> losses_on_device<double>(const Model&, const Adapter*, std::span<const Sequence>,
                                                            std::int64_t);

}  // namespace edgefuse::llm::engine
