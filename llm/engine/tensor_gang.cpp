#include "llm/engine/tensor_gang.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {

std::int64_t device_token_budget(const ModelConfig& config) {
  constexpr std::int64_t logits = std::int64_t{1} << 28;
  return std::clamp(logits / config.vocabulary, std::int64_t{1}, std::int64_t{4096});
}

template <class T>
TensorGang<T>::TensorGang(const Model& model, std::span<const Adapter* const> adapters, const GangOptions& options)
    : model_{model, options.precision, options.longest},
      layers_{model.layers.size()},
      token_budget_{device_token_budget(model.config)},
      members_{adapters.size()},
      factors_{layouts_of(model, adapters), options.dropout} {
  EDGEFUSE_EXPECTS(!options.recompute, "autograd keeps what it needs");
  for (std::size_t member = 0; member < adapters.size(); ++member)
    factors_.load(member, *adapters[member]);
}

template <class T>
std::vector<double> TensorGang<T>::losses_and_gradients(std::span<const Batch* const> batches) {
  const GangBatch batch = begin_batch(batches, factors_);
  const at::AutoGradMode differentiate{true};
  const TensorFactors stacks{factors_, members_, layers_, model_.device()};
  std::vector<double> losses(batches.size());
  for (const Pass& pass : pack_labelled(batch.rows, token_budget_))
    run(pass, {stacks, factors_.dropout()}, batch.weights, losses);
  stacks.add_gradients_to(factors_);
  return losses;
}

template <class T>
void TensorGang<T>::run(const Pass& pass, const TensorAdapters& adapters, std::span<const double> member_weights,
                        std::span<double> losses) {
  const TensorPass on_device{pass, model_.device()};
  const std::vector<double> weights = query_weights(pass, member_weights);
  const at::Tensor weight =
      at::from_blob(const_cast<double*>(weights.data()), {pass.queries.size()}, at::TensorOptions().dtype(at::kDouble))
          .to(model_.device());
  const at::Tensor log_shares = at::log_softmax(model_.logits(model_.forward(on_device, &adapters)), -1);
  const at::Tensor targets = indices_on(pass.targets, model_.device()).unsqueeze(1);
  const at::Tensor nll = log_shares.gather(1, targets).squeeze(1).neg().to(at::kDouble);
  (nll * weight).sum().backward();
  const at::Tensor on_host = nll.detach().cpu();
  add_losses(pass, {on_host.data_ptr<double>(), weights.size()}, member_weights, losses);
}

template class TensorGang<float>;
template class TensorGang<double>;

}  // namespace edgefuse::llm::engine
