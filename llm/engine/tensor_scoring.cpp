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

  /// The last block's output at the queries, normalised.
  [[nodiscard]] at::Tensor forward(const Pass& pass) const {
    const TensorPass on_device{pass, device()};
    if (!factors_) return model_.forward(on_device, nullptr);
    const TensorAdapters adapters{*factors_, no_dropout_};
    return model_.forward(on_device, &adapters);
  }
  /// [queries, vocabulary]
  [[nodiscard]] at::Tensor logits(const Pass& pass) const { return model_.logits(forward(pass)); }
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
  const at::Tensor head =
      candidates.empty() ? model.head : model.head.index_select(0, indices_on(candidates, scorer.device()));
  std::vector<at::Tensor> parts = {at::empty({0, head.size(0)}, at::TensorOptions().dtype(model.head.scalar_type()))};
  for (const Pass& pass : pack_last(texts, device_token_budget(model.config), Beginnings::repeated)) {
    parts.push_back(at::matmul(scorer.forward(pass), head.t()).cpu());
  }
  return at::cat(parts).to(at::kFloat);
}

template <class T>
std::vector<SequenceLoss> losses_on_device(const Model& model, const Adapter* adapter,
                                           std::span<const Sequence> sequences, std::int64_t longest) {
  const TensorScorer<T> scorer{model, adapter, longest};
  std::vector<SequenceLoss> result(sequences.size());
  for (const Pass& pass : pack_scored(sequences, device_token_budget(model.config), Beginnings::repeated)) {
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
