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

namespace {

std::vector<FactorLayout> layouts_of(const Model& model, std::span<const Adapter* const> adapters) {
  std::vector<FactorLayout> layouts;
  for (const Adapter* adapter : adapters)
    layouts.emplace_back(model, *adapter);
  return layouts;
}

}  // namespace

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
  std::vector<Row> rows;
  std::vector<double> weights(batches.size());
  for (std::size_t member = 0; member < batches.size(); ++member) {
    if (batches[member] == nullptr) continue;
    const std::int64_t labels = label_count(*batches[member]);
    EDGEFUSE_EXPECTS(labels > 0, "every batch has a label");
    for (const Sequence& sequence : *batches[member])
      rows.push_back({member, &sequence});
    weights[member] = 1 / static_cast<double>(labels);
    std::ranges::fill(factors_.gradients(member), T{0});
  }
  std::vector<double> losses(batches.size());
  for (const Pass& pass : pack_labelled(rows, default_token_budget))
    run(pass, weights, losses);
  return losses;
}

template <class T>
void Gang<T>::run(const Pass& pass, std::span<const double> member_weights, std::span<double> losses) {
  const auto count = static_cast<std::size_t>(pass.queries.size());
  std::vector<double> weights(count);
  std::vector<double> nll(count);
  for (const auto& [member, span, before] : pass.queries.members)
    std::fill(weights.begin() + span.begin, weights.begin() + span.end, member_weights[member]);
  const auto x = engine_.forward(pass, factors_);
  const auto dx = d_output_.reshape(x.rows, x.cols);
  head_.losses_backward(x, pass.targets, weights, nll, dx, engine_.scratch());
  engine_.backward(pass, factors_, dx);
  for (const auto& [member, span, before] : pass.queries.members)
    for (std::int64_t i = span.begin; i < span.end; ++i)
      losses[member] += nll[static_cast<std::size_t>(i)] * member_weights[member];
}

template class Gang<float>;
template class Gang<double>;

}  // namespace edgefuse::llm::engine
