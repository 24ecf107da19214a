#include <nlohmann/json.hpp>

#include "results/summary.hpp"

namespace edgefuse::results {
namespace {

using Json = nlohmann::ordered_json;

Json figure(const EvaluationRow& row) {
  return {{"model", row.model}, {"metric", row.metric}, {"domain", row.domain}, {"value", row.value},  {"low", row.low},
          {"high", row.high},   {"n", row.n},           {"round", row.round},   {"chance", row.chance}};
}

Json figures(const std::vector<EvaluationRow>& rows) {
  auto list = Json::array();
  for (const auto& row : rows)
    list.push_back(figure(row));
  return list;
}

Json of(const std::map<std::pair<double, std::int64_t>, Trained>& ratios) {
  auto list = Json::array();
  for (const auto& [at, trained] : ratios)
    list.push_back(
        {{"ratio", at.first}, {"rank", at.second}, {"parameters", trained.parameters}, {"clients", trained.clients}});
  return list;
}

Json of(const Provenance& provenance) {
  return {{"edgefuse_version", provenance.edgefuse_version},
          {"git", provenance.git},
          {"compiler", provenance.compiler},
          {"libtorch_version", provenance.libtorch_version},
          {"cpu", provenance.cpu},
          {"threads", provenance.threads},
          {"started", provenance.started},
          {"wall_seconds", provenance.wall_time.value},
          {"scenario_file", provenance.scenario_file},
          {"command", provenance.command}};
}

Json of(const ClassShare& share) {
  auto accuracy = Json::object();
  for (const auto& [model, value] : share.accuracy)
    accuracy[model] = value;
  return {{"device", share.device},
          {"clients", share.clients},
          {"started", share.started},
          {"fused", share.fused},
          {"accuracy", accuracy}};
}

Json of(const std::optional<Fairness>& fairness) {
  if (!fairness) return nullptr;
  auto classes = Json::array();
  for (const auto& share : fairness->classes)
    classes.push_back(of(share));
  return {{"jain", fairness->jain}, {"never_fused", fairness->never_fused}, {"classes", classes}};
}

Json of(const std::map<std::string, std::int64_t>& counts) {
  auto json = Json::object();
  for (const auto& [name, count] : counts)
    json[name] = count;
  return json;
}

}  // namespace

std::string to_json(const Summary& summary) {
  Json json = {{"name", summary.name},
               {"question", summary.question},
               {"fidelity", summary.fidelity},
               {"seed", summary.seed},
               {"digest", summary.digest},
               {"complete", summary.complete},
               {"versions", summary.versions},
               {"virtual_seconds", summary.virtual_time.since_start().value},
               {"bytes_up", summary.bytes_up.value},
               {"bytes_down", summary.bytes_down.value},
               {"server_bytes_up", summary.server_up.value},
               {"server_bytes_down", summary.server_down.value},
               {"joules", summary.energy.value},
               {"bytes_wasted", summary.wasted.value},
               {"carbon_g", summary.carbon},
               {"cost", summary.cost},
               {"clients", summary.clients},
               {"outcomes",
                {{"started", summary.started},
                 {"returned", summary.returned},
                 {"lost", summary.lost},
                 {"late", summary.late},
                 {"refused", summary.refused},
                 {"sat_out", summary.sat_out}}},
               {"fates", of(summary.fates)},
               {"staleness", summary.staleness},
               {"fairness", of(summary.fairness)},
               {"ratios", of(summary.ratios)},
               {"evaluation", figures(summary.evaluation)},
               {"history", figures(summary.history)},
               {"provenance", summary.complete ? of(summary.provenance) : Json{}}};
  return json.dump(2);
}

}  // namespace edgefuse::results
