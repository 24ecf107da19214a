#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/check/forecast.hpp"
#include "sim/quantity_text.hpp"

namespace edgefuse::app {
namespace {

using Json = nlohmann::ordered_json;
using sim::to_text;

template <class Q>
std::string range(const Spread<Q>& spread) {
  if (spread.least == spread.most) return to_text(spread.median);
  return fmt::format("{} ({} to {})", to_text(spread.median), to_text(spread.least), to_text(spread.most));
}

std::string ratios(const GroupForecast& group) {
  std::string text;
  for (const auto& [at, clients] : group.trained)
    text += fmt::format("{}{} at ratio {} with rank {}", text.empty() ? "" : ", ", clients, at.first, at.second);
  if (group.sat_out > 0) text += fmt::format("{}{} sit out", text.empty() ? "" : ", ", group.sat_out);
  for (const auto& [budget, need] : group.needs)
    text += fmt::format("; for want of {}: they need {}", budget == "deadline" ? "time" : budget, to_text(need));
  return text;
}

std::string lines(const GroupForecast& group, const std::optional<Seconds>& deadline) {
  auto text = fmt::format("{}: {} client{} of {} for training, there {:.0f} % of the first day\n", group.device,
                          group.clients, group.clients == 1 ? "" : "s", to_text(group.memory), 100 * group.there);
  text += fmt::format("  variants   {}\n", ratios(group));
  if (group.trained.empty()) return text;
  text += fmt::format("  a round    {}, computing {}\n", range(group.time), range(group.compute));
  text += fmt::format("  traffic    {} down, {} up\n", range(group.download), range(group.upload));
  text += fmt::format("  energy     {}\n", range(group.energy));
  if (deadline)
    text += fmt::format("  in time    {} of {} within {}\n", group.in_time, group.clients, to_text(*deadline));
  return text;
}

template <class Q>
Json json(const Spread<Q>& spread) {
  return {{"least", spread.least.value}, {"median", spread.median.value}, {"most", spread.most.value}};
}

Json json(const GroupForecast& group) {
  auto ratios = Json::array();
  for (const auto& [at, clients] : group.trained)
    ratios.push_back({{"ratio", at.first}, {"rank", at.second}, {"clients", clients}});
  auto needs = Json::object();
  for (const auto& [budget, need] : group.needs)
    needs[budget] = need.least;
  return {{"device", group.device},
          {"clients", group.clients},
          {"memory_bytes", group.memory.value},
          {"ratios", ratios},
          {"sat_out", group.sat_out},
          {"needs", needs},
          {"in_time", group.in_time},
          {"seconds", json(group.time)},
          {"compute_seconds", json(group.compute)},
          {"download_bytes", json(group.download)},
          {"upload_bytes", json(group.upload)},
          {"joules", json(group.energy)},
          {"share_there", group.there}};
}

}  // namespace

std::string to_table(const Forecast& forecast, const scenarios::Scenario& scenario) {
  const auto& protocol = scenario.protocol;
  auto text = fmt::format("{}   seed {}, fidelity {}\n", scenario.name, scenario.seed,
                          scenario.fidelity == scenarios::Fidelity::timing ? "timing" : "learning");
  if (!scenario.question.empty()) text += scenario.question + "\n";
  text += fmt::format("\n{} protocol, {} round{} of {} client{}\n", protocol.kind, protocol.rounds,
                      protocol.rounds == 1 ? "" : "s", protocol.clients_per_round,
                      protocol.clients_per_round == 1 ? "" : "s");
  text += fmt::format(
      "{} {} to send a round's models, {} to take in its updates\n\n",
      forecast.aggregators ? "the server's link and the cells' backhaul alone need" : "the server's link alone needs",
      to_text(forecast.server_down), to_text(forecast.server_up));
  text += "Medians, in brackets from the least to the most; each client as if alone on the server's link";
  text += scenario.pruning.policy == "joint" ? ", unless it is allocated.\n" : ".\n";
  for (const auto& group : forecast.groups)
    text += lines(group, forecast.deadline);
  return text;
}

std::string to_json(const Forecast& forecast, const scenarios::Scenario& scenario) {
  auto groups = Json::array();
  for (const auto& group : forecast.groups)
    groups.push_back(json(group));
  const Json all = {{"name", scenario.name},
                    {"protocol", scenario.protocol.kind},
                    {"rounds", scenario.protocol.rounds},
                    {"clients_per_round", scenario.protocol.clients_per_round},
                    {"deadline_seconds", forecast.deadline ? Json(forecast.deadline->value) : Json(nullptr)},
                    {"server_down_seconds", forecast.server_down.value},
                    {"server_up_seconds", forecast.server_up.value},
                    {"groups", groups}};
  return all.dump(2);
}

}  // namespace edgefuse::app
