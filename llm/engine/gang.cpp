#include "llm/engine/gang.hpp"

#include <algorithm>
#include <cstddef>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {

std::int64_t label_count(const Batch& batch) {
  std::int64_t count = 0;
  for (const Sequence& sequence : batch)
    count += sequence.label_count();
  return count;
}

std::vector<FactorLayout> layouts_of(const Model& model, std::span<const Adapter* const> adapters) {
  std::vector<FactorLayout> layouts;
  for (const Adapter* adapter : adapters)
    layouts.emplace_back(model, *adapter);
  return layouts;
}

template <class T>
GangBatch begin_batch(std::span<const Batch* const> batches, GangFactors<T>& factors) {
  GangBatch begun{{}, std::vector<double>(batches.size())};
  for (std::size_t member = 0; member < batches.size(); ++member) {
    if (batches[member] == nullptr) continue;
    const std::int64_t labels = label_count(*batches[member]);
    EDGEFUSE_EXPECTS(labels > 0, "every batch has a label");
    for (const Sequence& sequence : *batches[member])
      begun.rows.push_back({member, &sequence});
    begun.weights[member] = 1 / static_cast<double>(labels);
    std::ranges::fill(factors.gradients(member), T{0});
  }
  return begun;
}

std::vector<double> query_weights(const Pass& pass, std::span<const double> member_weights) {
  std::vector<double> weights(static_cast<std::size_t>(pass.queries.size()));
  for (const auto& [member, span] : pass.queries.members)
    std::fill(weights.begin() + span.begin, weights.begin() + span.end, member_weights[member]);
  return weights;
}

void add_losses(const Pass& pass, std::span<const double> nll, std::span<const double> member_weights,
                std::span<double> losses) {
  for (const auto& [member, span] : pass.queries.members)
    for (std::int64_t i = span.begin; i < span.end; ++i)
      losses[member] += nll[static_cast<std::size_t>(i)] * member_weights[member];
}

template <class T>
Gang<T>::Gang(const Model& model, std::span<const Adapter* const> adapters, const GangOptions& options)
    : engine_{model, options.precision, options.longest, options.recompute},
      head_{model, options.precision},
      factors_{layouts_of(model, adapters), options.dropout} {
  for (std::size_t member = 0; member < adapters.size(); ++member)
    factors_.load(member, *adapters[member]);
}

template <class T>
std::vector<double> Gang<T>::losses_and_gradients(std::span<const Batch* const> batches) {
  const GangBatch batch = begin_batch(batches, factors_);
  std::vector<double> losses(batches.size());
  for (const Pass& pass : pack_labelled(batch.rows, default_token_budget))
    run(pass, batch.weights, losses);
  return losses;
}

template <class T>
void Gang<T>::run(const Pass& pass, std::span<const double> member_weights, std::span<double> losses) {
  const std::vector<double> weights = query_weights(pass, member_weights);
  std::vector<double> nll(weights.size());
  const auto x = engine_.forward(pass, factors_);
  const auto dx = d_output_.reshape(x.rows, x.cols);
  head_.losses_backward(x, pass.targets, weights, nll, dx, engine_.scratch());
  engine_.backward(pass, factors_, dx);
  add_losses(pass, nll, member_weights, losses);
}

template GangBatch begin_batch(std::span<const Batch* const>, GangFactors<float>&);
template GangBatch begin_batch(std::span<const Batch* const>, GangFactors<double>&);
template class Gang<float>;
template class Gang<double>;

}  // namespace edgefuse::llm::engine
