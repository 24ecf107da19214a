#include "app/run/rows.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "sim/link.hpp"

namespace edgefuse::app {
namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

results::PlanRow plan_row(const Assembly& assembly, std::int64_t round, const Participation& participation) {
  const auto& plan = participation.plan;
  const auto link = assembly.link(plan.client);
  return {.round = round,
          .client = plan.client,
          .ratio = plan.ratio,
          .parameters = plan.parameters,
          .rank = plan.rank,
          .steps = plan.steps,
          .examples = plan.examples,
          .predicted = sim::download_time(link, plan.download) + plan.compute + sim::upload_time(link, plan.upload),
          .simulated = participation.returned.since(participation.invited),
          .peak_memory = plan.peak_memory,
          .download = plan.download,
          .upload = plan.upload,
          .energy = plan.energy,
          .binding = plan.binding,
          .first_loss = not_measured,
          .last_loss = not_measured,
          .outcome = results::Outcome::returned};
}

results::PlanRow sat_out_row(std::int64_t round, std::uint32_t client) {
  results::PlanRow row;
  row.round = round;
  row.client = client;
  row.ratio = row.first_loss = row.last_loss = not_measured;
  row.binding = "memory";
  row.outcome = results::Outcome::sat_out;
  return row;
}

}  // namespace

results::RunHeader run_header(const scenarios::Scenario& scenario) {
  results::RunHeader header{.name = scenario.name,
                            .question = scenario.question,
                            .scenario_written = scenario.source.text,
                            .scenario_resolved = scenarios::resolved(scenario),
                            .seed = scenario.seed,
                            .fidelity = scenario.fidelity == scenarios::Fidelity::timing ? "timing" : "learning",
                            .clients = scenario.fleet.clients,
                            .event_phases = {"completion", "client", "server", "observer"},
                            .event_kinds = {}};
  for (const auto kind : event_names)
    header.event_kinds.emplace_back(kind);
  return header;
}

std::vector<results::ClientRow> client_rows(const Assembly& assembly, std::uint32_t first, std::uint32_t count) {
  std::vector<results::ClientRow> rows;
  for (std::uint32_t client = first; client < first + count; ++client) {
    const auto& shard = assembly.task.shard(client);
    rows.push_back({.device = assembly.fleet.device(client).name,
                    .domain = shard.domain,
                    .memory = assembly.fleet.memory(client),
                    .examples = shard.workload.examples});
  }
  return rows;
}

std::vector<results::PlanRow> plan_rows(const Assembly& assembly, const RoundTimeline& round,
                                        std::span<const TrainingRecord> records) {
  std::vector<results::PlanRow> rows;
  for (const auto& participation : round.participations) {
    rows.push_back(plan_row(assembly, round.round, participation));
    const auto record = std::ranges::find(records, participation.plan.client, &TrainingRecord::client);
    if (record == records.end()) continue;
    rows.back().first_loss = record->first_loss;
    rows.back().last_loss = record->last_loss;
    if (record->refused) rows.back().outcome = results::Outcome::refused;
  }
  for (const auto client : round.sat_out)
    rows.push_back(sat_out_row(round.round, client));
  std::ranges::sort(rows, {}, &results::PlanRow::client);
  return rows;
}

results::RoundRow round_row(const RoundTimeline& round, std::span<const results::PlanRow> plans, std::int64_t version) {
  results::RoundRow row;
  row.round = round.round;
  row.start = round.start;
  row.end = round.end;
  double loss = 0;
  double examples = 0;
  for (const auto& plan : plans) {
    if (plan.outcome == results::Outcome::sat_out) {
      ++row.sat_out;
      continue;
    }
    ++row.started;
    row.bytes_down += plan.download;
    row.bytes_up += plan.upload;
    row.energy += plan.energy;
    if (plan.outcome == results::Outcome::refused) {
      ++row.refused;
      continue;
    }
    ++row.returned;
    loss += static_cast<double>(plan.examples) * plan.last_loss;
    examples += static_cast<double>(plan.examples);
  }
  row.version = version + (row.returned > 0 ? 1 : 0);
  row.training_loss = examples > 0 ? loss / examples : not_measured;
  return row;
}

results::EventRow event_row(const sim::Event& event, std::uint32_t server) {
  return {.time = event.time,
          .phase = static_cast<std::uint8_t>(event.phase),
          .kind = event.kind,
          .actor = event.actor < server ? std::int64_t{event.actor} : std::int64_t{server} - event.actor - 1};
}

}  // namespace edgefuse::app
