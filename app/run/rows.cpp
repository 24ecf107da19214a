#include "app/run/rows.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "sim/energy.hpp"

namespace edgefuse::app {
namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// How a fate is told in results: the outcome it counts as, and a word for it.
struct Told {
  results::Outcome outcome;
  std::string_view word;
};
constexpr Told told(Fate fate) {
  using results::Outcome;
  switch (fate) {
    case Fate::corrupt:
      return {Outcome::refused, "damaged"};
    case Fate::left:
      return {Outcome::lost, "left"};
    case Fate::crashed:
      return {Outcome::lost, "crashed"};
    case Fate::flat:
      return {Outcome::lost, "battery flat"};
    case Fate::called_off:
      return {Outcome::late, "called off"};
    case Fate::discarded:
      return {Outcome::lost, "no quorum"};
    case Fate::returned:
      break;
  }
  return {Outcome::returned, "fused"};
}

results::PlanRow plan_row(const Assembly& assembly, const RoundTimeline& round, const Participation& participation) {
  const auto& plan = participation.plan;
  const auto& did = participation.did;
  const auto [outcome, word] = told(participation.fate);
  return {.round = round.round,
          .client = plan.client,
          .ratio = plan.ratio,
          .parameters = plan.parameters,
          .rank = plan.rank,
          .steps = plan.steps,
          .examples = plan.examples,
          .predicted = plan.predicted,
          .simulated = participation.ended.since(participation.invited),
          .peak_memory = plan.peak_memory,
          .download = plan.download,
          .upload = plan.upload,
          .energy = plan.energy,
          .binding = plan.binding,
          .first_loss = not_measured,
          .last_loss = not_measured,
          .outcome = outcome,
          .fate = std::string{word},
          .invitation = participation.invitation,
          .version = participation.version,
          .staleness = round.version - participation.version,
          .received = did.down,
          .sent = did.up,
          .spent = sim::participation_energy(assembly.fleet.device(plan.client), did)};
}

results::PlanRow sat_out_row(const Assembly& assembly, std::int64_t round, std::uint32_t client) {
  results::PlanRow row;
  row.round = round;
  row.client = client;
  row.ratio = row.first_loss = row.last_loss = not_measured;
  row.binding = assembly.choice(client).binding;
  row.outcome = results::Outcome::sat_out;
  row.fate = "no variant fits";
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
  const auto who = [](const TrainingRecord& r) { return std::pair{std::int64_t{r.client}, r.invitation}; };
  for (const auto& participation : round.participations) {
    auto& row = rows.emplace_back(plan_row(assembly, round, participation));
    const std::pair key{row.client, row.invitation};
    const auto record = std::ranges::lower_bound(records, key, {}, who);
    if (record == records.end() || who(*record) != key) continue;
    row.first_loss = record->first_loss;
    row.last_loss = record->last_loss;
    if (record->refused) {
      row.outcome = results::Outcome::refused;
      row.fate = "not finite";
    }
  }
  for (const auto client : round.sat_out)
    rows.push_back(sat_out_row(assembly, round.round, client));
  std::ranges::stable_sort(rows, {}, [](const results::PlanRow& r) { return std::pair{r.client, r.invitation}; });
  return rows;
}

namespace {

std::int64_t& counter(results::RoundRow& row, results::Outcome outcome) {
  switch (outcome) {
    case results::Outcome::lost:
      return row.lost;
    case results::Outcome::late:
      return row.late;
    case results::Outcome::refused:
      return row.refused;
    case results::Outcome::sat_out:
      return row.sat_out;
    case results::Outcome::returned:
      break;
  }
  return row.returned;
}

}  // namespace

results::RoundRow round_row(const Assembly& assembly, const RoundTimeline& round,
                            std::span<const results::PlanRow> plans) {
  constexpr double joules_of_kwh = 3.6e6;
  results::RoundRow row;
  row.round = round.round;
  row.start = round.start;
  row.end = round.end;
  row.server_up = round.server_up;
  row.server_down = round.server_down;
  double loss = 0;
  double examples = 0;
  double staleness = 0;
  for (const auto& plan : plans) {
    ++counter(row, plan.outcome);
    if (plan.outcome == results::Outcome::sat_out) continue;
    ++row.started;
    row.bytes_down += plan.received;
    row.bytes_up += plan.sent;
    row.energy += plan.spent;
    if (plan.outcome != results::Outcome::returned) {
      row.wasted += plan.received + plan.sent;
      continue;
    }
    loss += static_cast<double>(plan.examples) * plan.last_loss;
    examples += static_cast<double>(plan.examples);
    staleness += static_cast<double>(plan.staleness);
  }
  row.version = round.version + (row.returned > 0 ? 1 : 0);
  row.training_loss = examples > 0 ? loss / examples : not_measured;
  row.staleness = row.returned > 0 ? staleness / static_cast<double>(row.returned) : not_measured;
  row.carbon = row.energy.value / joules_of_kwh * assembly.scenario.energy.carbon;
  row.cost = row.energy.value / joules_of_kwh * assembly.scenario.energy.price;
  return row;
}

results::EventRow event_row(const sim::Event& event, std::int64_t actor) {
  return {.time = event.time, .phase = static_cast<std::uint8_t>(event.phase), .kind = event.kind, .actor = actor};
}

}  // namespace edgefuse::app
