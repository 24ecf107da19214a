#include "app/run/feasibility.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/run/needs.hpp"
#include "sim/mistakes.hpp"
#include "sim/quantity_text.hpp"

namespace edgefuse::app {
namespace {

std::optional<Mistake> nobody_fits(const Assembly& assembly) {
  std::optional<Need> smallest;
  Bytes most{};
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    if (assembly.plan(client)) return std::nullopt;
    const auto need = need_of(assembly, client);
    if (!smallest || (need.budget == smallest->budget && need.least < smallest->least)) smallest = need;
    most = std::max(most, assembly.fleet.memory(client));
  }
  if (smallest->budget == "memory") {
    const bool fixed = assembly.scenario.pruning.policy == "fixed";
    return assembly.scenario.source.mistake(
        "fleet", "no variant fits any client",
        fmt::format("the smallest needs {:.3g} MB for training and the largest budget is {:.3g} MB: {}, a smaller "
                    "training.batch, or more memory",
                    smallest->least / 1e6, most.value / 1e6,
                    fixed ? "fix a higher ratio" : "offer higher pruning.ratios"));
  }
  return assembly.scenario.source.mistake(
      "pruning.policy_settings", fmt::format("no variant is within any client's {}", smallest->budget),
      fmt::format("the least that anybody needs is {}: give more, higher pruning.ratios, or fewer training steps",
                  to_text(*smallest)));
}

std::optional<Mistake> nobody_comes(const Assembly& assembly) {
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    const auto [there, until] = assembly.conditions.presence(assembly.fleet, client, SimTime{});
    if (there || until != SimTime::never()) return std::nullopt;
  }
  return assembly.scenario.source.mistake("fleet.availability", "no client is ever there",
                                          "look at availability_settings and [battery]");
}

/// A time by which clients are to be back, in seconds, and the key that says so.
struct Deadline {
  std::string key;
  std::string parameter;
  double seconds = 0;
};

std::vector<Deadline> deadlines(const scenarios::Scenario& scenario) {
  std::vector<Deadline> all;
  const auto add = [&](const std::string& key, const Parameters& settings, const char* parameter) {
    const auto found = settings.find(parameter);
    if (found == settings.end()) return;
    if (const auto* seconds = std::get_if<double>(&found->second)) all.push_back({key, parameter, *seconds});
  };
  if (scenario.protocol.kind == "deadline") {
    const bool waits = scenario.protocol.settings.contains("late") &&
                       scenario.protocol.settings.at("late") == ParameterValue{std::string{"keep"}};
    if (!waits) add("protocol.settings", scenario.protocol.settings, "window");
  }
  if (scenario.selection.method == "deadline-aware") add("selection.settings", scenario.selection.settings, "deadline");
  return all;
}

/// When a client can be back at the soonest. What it takes among others may be less than what it would take alone, and
/// a bandit's next choice another than its first: then all that fits counts.
Seconds soonest_of(const Assembly& assembly, std::uint32_t client) {
  Seconds soonest{std::numeric_limits<double>::infinity()};
  if (!assembly.methods.policy->chooses_together()) {
    const auto plan = assembly.plan(client);
    return plan ? plan->predicted : soonest;
  }
  for (const auto& prospect : assembly.prospects(client))
    if (prospect.peak_memory <= assembly.fleet.memory(client)) soonest = std::min(soonest, prospect.time);
  return soonest;
}

std::optional<Mistake> nobody_meets(const Assembly& assembly, const Deadline& deadline) {
  Seconds soonest{std::numeric_limits<double>::infinity()};
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    soonest = std::min(soonest, soonest_of(assembly, client));
    if (soonest <= Seconds{deadline.seconds}) return std::nullopt;
  }
  return assembly.scenario.source.mistake(
      deadline.key,
      fmt::format("{} = {} leaves {}, and the fastest client needs {} by its plan", deadline.parameter,
                  deadline.seconds, sim::to_text(Seconds{deadline.seconds}), sim::to_text(soonest)),
      fmt::format("give more than {:.4g} seconds, fewer training steps, or higher pruning.ratios", soonest.value));
}

}  // namespace

void require_feasible(const Assembly& assembly) {
  Mistakes mistakes;
  const auto note = [&](std::optional<Mistake> mistake) {
    if (mistake) mistakes.add(std::move(*mistake));
  };
  note(nobody_fits(assembly));
  note(nobody_comes(assembly));
  if (!mistakes.any())
    for (const auto& deadline : deadlines(assembly.scenario))
      note(nobody_meets(assembly, deadline));
  mistakes.finish();
}

}  // namespace edgefuse::app
