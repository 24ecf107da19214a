#include "app/run/feasibility.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/run/between_rounds.hpp"
#include "app/run/needs.hpp"
#include "sim/mistakes.hpp"
#include "sim/quantity_text.hpp"

namespace edgefuse::app {
namespace {

/// Clients whom the same budget keeps from taking part.
struct LeftOut {
  std::size_t clients = 0;
  Need least;           // of any of them
  Bytes most_memory{};  // that any of them has
};

Mistake told(const LeftOut& left_out, const Assembly& assembly) {
  const auto& scenario = assembly.scenario;
  const bool all = left_out.clients == assembly.fleet.size();
  const auto& budget = left_out.least.budget;
  const auto some =
      fmt::format("{} of {} clients, and the others cannot take part either", left_out.clients, assembly.fleet.size());
  if (budget != "memory")
    return scenario.source.mistake(
        "pruning.policy_settings",
        fmt::format("no variant is within {}",
                    all ? "any client's " + budget : fmt::format("the {} of {}", budget, some)),
        fmt::format("the least that anybody needs is {}: give more, higher pruning.ratios, or fewer training steps",
                    to_text(left_out.least)));
  return scenario.source.mistake(
      "fleet", fmt::format("no variant fits {}", all ? "any client" : some),
      fmt::format("the smallest needs {:.3g} MB for training and the largest budget is {:.3g} MB: {}, a smaller "
                  "training.batch, or more memory",
                  left_out.least.least / 1e6, left_out.most_memory.value / 1e6,
                  scenario.pruning.policy == "fixed" ? "fix a higher ratio" : "offer higher pruning.ratios"));
}

/// One for each budget that stands in somebody's way, when nobody can take part.
std::vector<Mistake> nobody_fits(const Assembly& assembly) {
  std::map<std::string, LeftOut> by_budget;
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    if (assembly.plan(client)) return {};
    const auto need = need_of(assembly, client);
    auto& [clients, least, most_memory] = by_budget[need.budget];
    if (clients == 0 || need.least < least.least) least = need;
    most_memory = std::max(most_memory, assembly.fleet.memory(client));
    ++clients;
  }
  std::vector<Mistake> mistakes;
  for (const auto& [budget, left_out] : by_budget)
    mistakes.push_back(told(left_out, assembly));
  return mistakes;
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
  double windows = 1;

  [[nodiscard]] Seconds last() const { return Seconds{seconds * windows}; }
};

/// How many updates a round must have, or it is discarded.
std::size_t quorum(const scenarios::Scenario& scenario) {
  const auto found = scenario.protocol.settings.find("quorum");
  const auto* wanted = found == scenario.protocol.settings.end() ? nullptr : std::get_if<double>(&found->second);
  return wanted == nullptr ? 1 : static_cast<std::size_t>(std::max(1.0, *wanted));
}

std::vector<Deadline> deadlines(const scenarios::Scenario& scenario) {
  std::vector<Deadline> all;
  const auto add = [&](const std::string& key, const Parameters& settings, const char* parameter) {
    const auto found = settings.find(parameter);
    if (found == settings.end()) return;
    if (const auto* seconds = std::get_if<double>(&found->second)) all.push_back({key, parameter, *seconds});
  };
  if (scenario.protocol.kind == "deadline") {
    const bool waits = keeps_late_updates(scenario.protocol);
    add("protocol.settings", scenario.protocol.settings, "window");
    // Late updates count in a later window: all windows together are the time there is.
    if (waits && !all.empty()) all.back().windows = static_cast<double>(scenario.protocol.rounds);
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

std::optional<Mistake> too_few_meet(const Assembly& assembly, const Deadline& deadline) {
  const auto needed = quorum(assembly.scenario);
  std::vector<Seconds> soonest;
  std::size_t in_time = 0;
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client) {
    soonest.push_back(soonest_of(assembly, client));
    if (soonest.back() <= deadline.last() && ++in_time >= needed) return std::nullopt;
  }
  if (soonest.size() < needed) return std::nullopt;  // a quorum above the fleet is told elsewhere
  const auto last = soonest.begin() + static_cast<std::ptrdiff_t>(needed - 1);
  std::ranges::nth_element(soonest, last);
  return assembly.scenario.source.mistake(
      deadline.key,
      fmt::format("{} = {} leaves {}, and {} {} by plan", deadline.parameter, deadline.seconds,
                  sim::to_text(deadline.last()),
                  needed == 1 ? "the fastest client needs" : fmt::format("the {} fastest clients need", needed),
                  sim::to_text(*last)),
      fmt::format("give more than {:.4g} seconds, fewer training steps, higher pruning.ratios, or a smaller quorum",
                  last->value / deadline.windows));
}

std::optional<Mistake> everybody_crashes(const Assembly& assembly) {
  if (assembly.scenario.failures.crash < 1) return std::nullopt;
  return assembly.scenario.source.mistake("failures.crash", "every client crashes, and nothing is ever fused",
                                          "give a probability below 1");
}

}  // namespace

void require_feasible(const Assembly& assembly) {
  Mistakes mistakes;
  const auto note = [&](std::optional<Mistake> mistake) {
    if (mistake) mistakes.add(std::move(*mistake));
  };
  for (auto& mistake : nobody_fits(assembly))
    mistakes.add(std::move(mistake));
  note(nobody_comes(assembly));
  note(everybody_crashes(assembly));
  if (!mistakes.any())
    for (const auto& deadline : deadlines(assembly.scenario))
      note(too_few_meet(assembly, deadline));
  mistakes.finish();
}

}  // namespace edgefuse::app
