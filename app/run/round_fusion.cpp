#include "app/run/round_fusion.hpp"

#include <cmath>
#include <iterator>
#include <utility>

#include "app/public_text.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/once_more.hpp"
#include "server/fuse_in_groups.hpp"
#include "server/fusion/rebased.hpp"
#include "server/fusion/scaled_sum.hpp"
#include "server/optimiser/factor_step.hpp"

namespace edgefuse::app {
namespace {

server::AggregationError error_of(const llm::ModelDelta& fused, std::span<const server::Contribution> contributions) {
  server::AggregationError error;
  const auto source = server::source_of(contributions);
  for (const auto& [id, change] : fused)
    error.add(change, source.parts(id), source.total_weight);
  return error;
}

}  // namespace

Fused RoundFusion::fuse(const Arm& arm) const {
  if (gathered_.contributions.empty())
    return {.change = latest().carried.value_or(llm::ModelDelta{}), .state = state_, .error = {}};
  std::vector<server::Contribution> rebased;
  if (goes_on_with_factors(arm)) rebased = this->rebased();
  const std::span<const server::Contribution> given{rebased.empty() ? gathered_.contributions : std::as_const(rebased)};
  auto plain = plainly_fused(arm, given);
  auto error = error_of(plain, given);
  auto [change, state] = step(std::move(plain));
  return {.change = std::move(change), .state = std::move(state), .error = error};
}

bool RoundFusion::goes_on_with_factors(const Arm& arm) const {
  return scenario_.recovery.between_rounds != scenarios::BetweenRounds::merge && latest().carried &&
         scenario_.recovery.method == "zero-fill" && arm.rule->keeps_factors() && !arm.resolves;
}

std::vector<server::Contribution> RoundFusion::rebased() const {
  auto rebased = gathered_.contributions;
  for (std::size_t i = 0; i < rebased.size(); ++i)
    if (const auto& then = versions_.at(gathered_.begun[i]).carried)
      rebased[i].delta = server::rebased(gathered_.contributions[i], *then, *latest().carried);
  return rebased;
}

llm::ModelDelta RoundFusion::plainly_fused(const Arm& arm, std::span<const server::Contribution> contributions) const {
  const server::FusionSeed seed{.seed = scenario_.seed, .round = round()};
  server::PublicLoss public_loss;
  if (arm.rule->needs_public_text())
    public_loss = [this](const llm::ModelDelta& change) {
      return std::log(perplexity(llm::apply(latest().model.base(), change), aggregation_.public_texts));
    };
  if (!aggregation_.group) return arm.fuse(contributions, seed, public_loss);
  std::vector<std::uint32_t> groups;
  for (const auto& contribution : contributions)
    groups.push_back(aggregation_.group(contribution.client));
  return server::fuse_in_groups(contributions, groups, *arm.resolver, *arm.rule, seed, public_loss);
}

server::ServerStep RoundFusion::step(llm::ModelDelta fused) const {
  const bool carries = scenario_.recovery.between_rounds != scenarios::BetweenRounds::merge;
  if (carries && scenario_.fusion.optimiser.method != "none")
    return server::factor_step(*aggregation_.optimiser, state_, *latest().carried, fused,
                               lora_spec(scenario_.adapter).scale());
  auto change = mixed(trained_once_more(scenario_, latest().model.base(), std::move(fused), aggregation_.public_texts,
                                        device_, round()));
  if (aggregation_.optimiser == nullptr) return {.change = std::move(change), .state = {}};
  return aggregation_.optimiser->step(state_, change);
}

llm::ModelDelta RoundFusion::mixed(const llm::ModelDelta& change) const {
  std::vector<server::Scaled> terms = {{&change, share_of_those_begun_by(versions_.rbegin()->first)}};
  if (aggregation_.mixing.pull_back)
    for (auto v = versions_.begin(); v != std::prev(versions_.end()); ++v)
      terms.push_back({&v->second.change, -share_of_those_begun_by(v->first)});
  std::erase_if(terms, [](const server::Scaled& term) { return term.factor == 0; });
  return terms.size() == 1 && terms.front().factor == 1 ? change : server::sum(terms);
}

double RoundFusion::share_of_those_begun_by(std::int64_t version) const {
  double weight = 0;
  for (std::size_t i = 0; i < gathered_.contributions.size(); ++i)
    if (gathered_.begun[i] <= version) weight += gathered_.contributions[i].weight;
  return aggregation_.mixing.rate * (weight / gathered_.total_weight);
}

}  // namespace edgefuse::app
