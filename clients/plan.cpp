#include "clients/plan.hpp"

#include <cmath>
#include <utility>

#include "clients/policy/cohort.hpp"
#include "sim/energy.hpp"
#include "sim/expects.hpp"
#include "sim/throttled.hpp"

namespace edgefuse::clients {

namespace {

/// A device that is cool when it begins.
Seconds expected_time(const sim::DeviceProfile& device, Seconds work, const Expectations& expectations) {
  const Seconds loaded = work / (1 - expectations.background_load);
  return device.throttling ? sim::computing_time(*device.throttling, Seconds{}, loaded) : loaded;
}

Chooser chooser(const Fleet& fleet, std::uint32_t client) {
  return {.memory = fleet.memory(client), .device_class = fleet.row(client).group};
}

std::optional<llm::Plan> made_plan(std::uint32_t client, const Workload& workload, std::span<const Prospect> prospects,
                                   Choice choice) {
  if (!choice.prospect) return std::nullopt;
  const auto& chosen = prospects[*choice.prospect];
  return llm::Plan{.client = client,
                   .variant = chosen.variant,
                   .ratio = chosen.ratio,
                   .parameters = chosen.parameters,
                   .rank = chosen.rank,
                   .steps = workload.steps,
                   .batch = workload.step.rows,
                   .sequence = workload.step.sequence,
                   .examples = workload.examples,
                   .work = chosen.work,
                   .compute = chosen.compute,
                   .predicted = chosen.time,
                   .peak_memory = chosen.peak_memory,
                   .download = chosen.download,
                   .upload = chosen.upload,
                   .energy = chosen.energy,
                   .binding = std::move(choice.binding),
                   .caps = choice.caps};
}

}  // namespace

Planner::Planner(Offer offer, const RatioPolicy& policy, Expectations expectations)
    : offer_{std::move(offer)},
      base_parameters_{static_cast<double>(llm::parameters(offer_.config, llm::full_shape(offer_.config)))},
      policy_{policy},
      expectations_{expectations} {
  EDGEFUSE_EXPECTS(!offer_.variants.empty(), "a server offers at least one variant");
  if (offer_.ranks.empty()) offer_.ranks = {offer_.adapter.rank};
  EDGEFUSE_EXPECTS(offer_.perplexities || !policy.needs_quality(), "who goes by quality is told it");
  if (offer_.perplexities) {
    EDGEFUSE_EXPECTS(offer_.perplexities->size() == offer_.variants.size(), "every variant has a perplexity");
    for (const double perplexity : *offer_.perplexities)
      EDGEFUSE_EXPECTS(std::isfinite(perplexity) && perplexity > 0, "perplexities are finite and above 0");
  }
}

void Planner::limit_rank(std::uint32_t client, std::int64_t rank) {
  EDGEFUSE_EXPECTS(rank > 0, "an adapter has a rank");
  rank_limits_[client] = rank;
}

std::vector<std::int64_t> Planner::ranks_for(std::uint32_t client) const {
  const auto limit = rank_limits_.find(client);
  if (limit == rank_limits_.end()) return offer_.ranks;
  std::vector<std::int64_t> ranks;
  for (const auto rank : offer_.ranks)
    if (rank < limit->second) ranks.push_back(rank);
  ranks.push_back(limit->second);
  return ranks;
}

std::vector<Prospect> Planner::prospects(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                         const Workload& workload) const {
  std::vector<Prospect> made;
  const auto ranks = ranks_for(client);
  for (std::uint32_t variant = 0; variant < offer_.variants.size(); ++variant)
    for (const auto rank : ranks)
      made.push_back(prospect(fleet, client, link, workload, variant, rank));
  return made;
}

const llm::VariantCost& Planner::cost(std::uint32_t variant, std::int64_t rank, const llm::StepShape& step) const {
  if (costed_ != step) costs_.clear();
  costed_ = step;
  const std::pair key{variant, rank};
  auto found = costs_.find(key);
  if (found == costs_.end()) {
    auto adapter = offer_.adapter;
    adapter.rank = rank;
    found =
        costs_.emplace(key, llm::variant_cost(offer_.config, offer_.variants[variant], adapter, step, offer_.storage))
            .first;
  }
  return found->second;
}

Prospect Planner::prospect(const Fleet& fleet, std::uint32_t client, const sim::Link& link, const Workload& workload,
                           std::uint32_t variant, std::int64_t rank) const {
  const auto& shape = offer_.variants[variant];
  const auto& cost = this->cost(variant, rank, workload.step);
  const auto step = fleet.step_time(client, {.flops = cost.forward + cost.backward, .traffic = cost.traffic});
  Prospect p{.variant = variant, .ratio = shape.ratio, .parameters = cost.parameters, .rank = rank};
  if (offer_.perplexities) p.quality = offer_.perplexities->front() / (*offer_.perplexities)[variant];
  p.kept = static_cast<double>(cost.parameters) / base_parameters_;
  p.peak_memory = cost.peak_memory;
  p.download = cost.download;
  p.upload = cost.upload;
  p.work = static_cast<double>(workload.batches) * step;
  p.compute = expected_time(fleet.device(client), p.work, expectations_);
  const Bytes down = p.download + expectations_.message_overhead;
  const Bytes up = p.upload + expectations_.message_overhead;
  const Seconds transfer = sim::download_time(link, down) + sim::upload_time(link, up);
  p.time = time_over(link, p, expectations_.message_overhead);
  p.energy = sim::participation_energy(fleet.device(client),
                                       {.compute = p.compute, .transfer = transfer, .down = down, .up = up});
  return p;
}

Choice Planner::choice(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                       const Workload& workload) const {
  return policy_.choose(prospects(fleet, client, link, workload), chooser(fleet, client));
}

std::optional<llm::Plan> Planner::plan(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                       const Workload& workload) const {
  const auto offered = prospects(fleet, client, link, workload);
  return made_plan(client, workload, offered, policy_.choose(offered, chooser(fleet, client)));
}

std::vector<std::optional<llm::Plan>> Planner::plans(const Fleet& fleet, std::span<const Invitee> invitees) const {
  std::vector<std::optional<llm::Plan>> made;
  if (!policy_.chooses_together()) {
    for (const auto& [client, link, workload] : invitees)
      made.push_back(plan(fleet, client, link, workload));
    return made;
  }
  Cohort cohort{.invited = {}, .server = expectations_.server, .message_overhead = expectations_.message_overhead};
  for (const auto& [client, link, workload] : invitees)
    cohort.invited.push_back({chooser(fleet, client), prospects(fleet, client, link, workload), link});
  auto choices = policy_.choose_together(cohort);
  EDGEFUSE_EXPECTS(choices.size() == invitees.size(), "each of a cohort has a choice");
  for (std::size_t i = 0; i < invitees.size(); ++i) {
    const auto& [client, link, workload] = invitees[i];
    auto& offered = cohort.invited[i].prospects;
    // What is given of the server's link, time and energy go by.
    if (choices[i].caps != sim::RateCaps{}) offered = prospects(fleet, client, capped(link, choices[i].caps), workload);
    made.push_back(made_plan(client, workload, offered, std::move(choices[i])));
  }
  return made;
}

}  // namespace edgefuse::clients
