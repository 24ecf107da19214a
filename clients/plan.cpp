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
}

std::vector<Prospect> Planner::prospects(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                         const Workload& workload) const {
  std::vector<Prospect> made;
  for (const auto& variant : offer_.variants) {
    const auto cost = llm::variant_cost(offer_.config, variant, offer_.adapter, workload.step, offer_.storage);
    const auto step = fleet.step_time(client, {.flops = cost.forward + cost.backward, .traffic = cost.traffic});
    Prospect p{.ratio = variant.ratio, .parameters = cost.parameters, .peak_memory = cost.peak_memory};
    p.download = cost.download;
    p.upload = cost.upload;
    p.work = static_cast<double>(workload.batches) * step;
    p.compute = expected_time(fleet.device(client), p.work, expectations_);
    p.energy = sim::participation_energy(
        fleet.device(client), {.compute = p.compute,
                               .transfer = sim::download_time(link, p.download) + sim::upload_time(link, p.upload),
                               .down = p.download,
                               .up = p.upload});
    made.push_back(p);
  }
  return made;
}

std::optional<llm::Plan> Planner::plan(const Fleet& fleet, std::uint32_t client, const sim::Link& link,
                                       const Workload& workload) const {
  const auto offered = prospects(fleet, client, link, workload);
  auto choice = policy_.choose(offered, fleet.memory(client));
  if (!choice) return std::nullopt;
  const auto& chosen = offered[choice->prospect];
  return llm::Plan{.client = client,
                   .variant = static_cast<std::uint32_t>(choice->prospect),
                   .ratio = chosen.ratio,
                   .parameters = chosen.parameters,
                   .rank = offer_.adapter.rank,
                   .steps = workload.steps,
                   .batch = workload.step.rows,
                   .sequence = workload.step.sequence,
                   .examples = workload.examples,
                   .work = chosen.work,
                   .compute = chosen.compute,
                   .peak_memory = chosen.peak_memory,
                   .download = chosen.download,
                   .upload = chosen.upload,
                   .energy = chosen.energy,
                   .binding = std::move(choice->binding)};
}

Bytes Planner::least_memory(const Workload& workload) const {
  const auto peak = [&](const llm::VariantShape& variant) {
    return llm::variant_cost(offer_.config, variant, offer_.adapter, workload.step, offer_.storage).peak_memory;
  };
  Bytes least = peak(offer_.variants.front());
  for (const auto& variant : offer_.variants)
    least = std::min(least, peak(variant));
  return least;
}

}  // namespace edgefuse::clients
