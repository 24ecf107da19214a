#include "results/summary.hpp"

#include <algorithm>

namespace edgefuse::results {
namespace {

/// Models, metrics and domains in the order of their first row.
std::vector<EvaluationRow> latest(const std::vector<EvaluationRow>& rows) {
  std::vector<EvaluationRow> result;
  for (const auto& row : rows) {
    const auto same = [&](const EvaluationRow& other) {
      return other.model == row.model && other.metric == row.metric && other.domain == row.domain;
    };
    const auto found = std::find_if(result.begin(), result.end(), same);
    if (found == result.end()) {
      result.push_back(row);
    } else {
      *found = row;
    }
  }
  return result;
}

}  // namespace

Summary summarise(const ResultFile& result) {
  Summary summary{.name = result.header.name,
                  .question = result.header.question,
                  .fidelity = result.header.fidelity,
                  .digest = result.digest,
                  .complete = result.complete,
                  .seed = result.header.seed,
                  .versions = 0,
                  .virtual_time = {},
                  .bytes_up = {},
                  .bytes_down = {},
                  .server_up = {},
                  .server_down = {},
                  .energy = {},
                  .wasted = {},
                  .clients = result.header.clients,
                  .fates = {},
                  .fairness = fairness(result),
                  .ratios = {},
                  .evaluation = latest(result.evaluation),
                  .history = result.evaluation,
                  .provenance = result.provenance};
  for (const auto& round : result.rounds) {
    summary.versions = round.version;
    summary.virtual_time = round.end;
    summary.bytes_up += round.bytes_up;
    summary.bytes_down += round.bytes_down;
    summary.server_up += round.server_up;
    summary.server_down += round.server_down;
    summary.energy += round.energy;
    summary.wasted += round.wasted;
    summary.carbon += round.carbon;
    summary.cost += round.cost;
    if (round.returned > 0) summary.staleness += static_cast<double>(round.returned) * round.staleness;
    summary.started += round.started;
    summary.returned += round.returned;
    summary.lost += round.lost;
    summary.late += round.late;
    summary.refused += round.refused;
    summary.sat_out += round.sat_out;
  }
  if (summary.returned > 0) summary.staleness /= static_cast<double>(summary.returned);
  for (const auto& plan : result.plans) {
    if (plan.outcome != Outcome::returned && !plan.fate.empty()) ++summary.fates[plan.fate];
    if (plan.outcome == Outcome::sat_out) continue;
    auto& trained = summary.ratios[{plan.ratio, plan.rank}];
    trained.parameters = plan.parameters;
    ++trained.clients;
  }
  return summary;
}

}  // namespace edgefuse::results
