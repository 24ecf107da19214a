#include "app/run/round_fusion.hpp"

#include <cmath>
#include <iterator>
#include <utility>

#include "app/public_text.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/once_more.hpp"
#include "server/fusion/mixing.hpp"
#include "server/optimiser/factor_step.hpp"

namespace edgefuse::app {

Fused RoundFusion::fuse(const Arm& arm) const {
  if (gathered_.contributions.empty())
    return {.change = latest().carried.value_or(llm::ModelDelta{}), .state = state_, .error = {}};
  auto plain = plainly_fused(arm, gathered_.contributions);
  auto error = error_of(plain);
  auto [change, state] = step(arm, std::move(plain));
  return {.change = std::move(change), .state = std::move(state), .error = error};
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

server::AggregationError RoundFusion::error_of(const llm::ModelDelta& fused) const {
  server::AggregationError error;
  const auto source = server::source_of(gathered_.contributions);
  for (const auto& [id, change] : fused)
    error.add(change, source.parts(id), source.total_weight);
  return error;
}

server::ServerStep RoundFusion::step(const Arm& arm, llm::ModelDelta fused) const {
  const bool carries = scenario_.recovery.between_rounds != scenarios::BetweenRounds::merge;
  if (carries && scenario_.fusion.optimiser.method != "none") return step_of_factors(arm);
  auto change = mixed(trained_once_more(scenario_, latest().model.base(), std::move(fused), aggregation_.public_texts,
                                        device_, round()));
  if (aggregation_.optimiser == nullptr) return {.change = std::move(change), .state = {}};
  return aggregation_.optimiser->step(state_, change);
}

server::ServerStep RoundFusion::step_of_factors(const Arm& arm) const {
  const auto& held = *latest().carried;
  auto rebased = gathered_.contributions;
  for (std::size_t i = 0; i < rebased.size(); ++i)
    rebased[i].delta = server::rebased(gathered_.contributions[i], *versions_.at(gathered_.begun[i]).carried, held);
  return server::factor_step(*aggregation_.optimiser, state_, held, plainly_fused(arm, rebased),
                             lora_spec(scenario_.adapter).scale());
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
