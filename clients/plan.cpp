#include "clients/plan.hpp"

#include <algorithm>
#include <utility>

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

}  // namespace

Planner::Planner(Offer offer, const RatioPolicy& policy, Expectations expectations)
    : offer_{std::move(offer)}, policy_{policy}, expectations_{expectations} {
  EDGEFUSE_EXPECTS(!offer_.variants.empty(), "a server offers at least one variant");
  if (offer_.ranks.empty()) offer_.ranks = {offer_.adapter.rank};
}

std::vector<Prospect> Planner::prospects(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                         const Workload& workload) const {
  std::vector<Prospect> made;
  for (std::uint32_t variant = 0; variant < offer_.variants.size(); ++variant)
    for (const auto rank : offer_.ranks)
      made.push_back(prospect(fleet, client, link, workload, variant, rank));
  return made;
}

Prospect Planner::prospect(const Fleet& fleet, std::uint32_t client, const sim::Link& link, const Workload& workload,
                           std::uint32_t variant, std::int64_t rank) const {
  const auto& shape = offer_.variants[variant];
  auto adapter = offer_.adapter;
  adapter.rank = rank;
  const auto cost = llm::variant_cost(offer_.config, shape, adapter, workload.step, offer_.storage);
  const auto step = fleet.step_time(client, {.flops = cost.forward + cost.backward, .traffic = cost.traffic});
  Prospect p{.variant = variant, .ratio = shape.ratio, .parameters = cost.parameters, .rank = rank};
  p.peak_memory = cost.peak_memory;
  p.download = cost.download;
  p.upload = cost.upload;
  p.work = static_cast<double>(workload.batches) * step;
  p.compute = expected_time(fleet.device(client), p.work, expectations_);
  const Bytes down = p.download + expectations_.message_overhead;
  const Bytes up = p.upload + expectations_.message_overhead;
  const Seconds transfer = sim::download_time(link, down) + sim::upload_time(link, up);
  p.time = sim::download_time(link, down) + p.compute + sim::upload_time(link, up);
  p.energy = sim::participation_energy(fleet.device(client),
                                       {.compute = p.compute, .transfer = transfer, .down = down, .up = up});
  return p;
}

Choice Planner::choice(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                       const Workload& workload) const {
  return policy_.choose(prospects(fleet, client, link, workload), fleet.memory(client));
}

std::optional<llm::Plan> Planner::plan(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                       const Workload& workload) const {
  const auto offered = prospects(fleet, client, link, workload);
  auto choice = policy_.choose(offered, fleet.memory(client));
  if (!choice.prospect) return std::nullopt;
  const auto& chosen = offered[*choice.prospect];
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
                   .binding = std::move(choice.binding)};
}

}  // namespace edgefuse::clients
