#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/run/round_simulation.hpp"

namespace edgefuse::app::testing {

/// A fleet for tests of virtual time, and what it does. Client c downloads 4 MB at 2 (c + 1) MB/s, computes 10 + c
/// seconds and uploads 1 MB at 1 MB/s, half a second of latency each way; every client is chosen who can be. Change
/// what a test is about.
struct SimulatedFleet {
  std::uint32_t clients = 3;
  NetworkSpec network{.down = BytesPerSecond{1e9}, .up = BytesPerSecond{1e9}};

  std::function<std::optional<llm::Plan>(std::uint32_t client)> plan = [](std::uint32_t client) {
    llm::Plan made;
    made.client = client;
    made.compute = Seconds{10.0 + client};
    made.download = Bytes{4e6};
    made.upload = Bytes{1e6};
    return std::optional{made};
  };
  std::function<sim::Presence(std::uint32_t client, SimTime at)> presence = [](std::uint32_t, SimTime) {
    return sim::Presence{};
  };
  std::function<clients::PathSpan(std::uint32_t client, SimTime at)> path = [](std::uint32_t client, SimTime) {
    return clients::PathSpan{
        .link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{2e6 * (client + 1)}, .latency = Seconds{0.5}}};
  };
  std::function<clients::Course(const Participation& participation, SimTime at)> course =
      [](const Participation& participation, SimTime) {
        return clients::Course{.compute = participation.plan.compute};
      };
  std::function<std::uint32_t(std::uint32_t client)> cell = [](std::uint32_t) { return 0U; };

  /// What came of a run.
  struct Run {
    std::vector<RoundTimeline> rounds;
    std::vector<EventKind> kinds;
    std::vector<std::uint32_t> started;  // clients, in order
  };
  [[nodiscard]] Run run(const std::string& protocol, Parameters parameters) const {
    Run made;
    const auto with = server::protocols().make(protocol, parameters);
    std::int64_t version = 0;
    RoundSimulation simulation{
        clients,
        network,
        *with,
        {.select =
             [this](std::int64_t, std::int64_t count, const Eligible& eligible, const Among&) {
               std::vector<std::uint32_t> chosen;
               for (std::uint32_t c = 0; c < clients && std::ssize(chosen) < count; ++c)
                 if (eligible(c)) chosen.push_back(c);
               return chosen;
             },
         .plans =
             [this](std::span<const std::uint32_t> invited) {
               std::vector<std::optional<llm::Plan>> plans;
               for (const auto client : invited)
                 plans.push_back(plan(client));
               return plans;
             },
         .presence = presence,
         .path = path,
         .cell = cell,
         .course = course,
         .computed = [](std::uint32_t, Seconds, SimTime) {},
         .started = [&](const Participation& p) { made.started.push_back(p.plan.client); },
         .ended = [](const Participation&) {},
         .fused =
             [&](const RoundTimeline& round) {
               made.rounds.push_back(round);
               for (const auto& p : round.participations)
                 if (p.fate == Fate::returned) return ++version;
               return version;
             },
         .observed = [&](const sim::Event& event) { made.kinds.push_back(static_cast<EventKind>(event.kind)); }}};
    simulation.run();
    return made;
  }
};

/// A fleet without links to speak of: client c computes `compute[c]` seconds.
[[nodiscard]] inline SimulatedFleet computing(std::vector<double> compute) {
  SimulatedFleet fleet{.clients = static_cast<std::uint32_t>(compute.size())};
  fleet.path = [](std::uint32_t, SimTime) {
    return clients::PathSpan{.link = {.up = BytesPerSecond{1e15}, .down = BytesPerSecond{1e15}, .latency = Seconds{}}};
  };
  fleet.network = {.down = BytesPerSecond{1e18}, .up = BytesPerSecond{1e18}};
  fleet.course = [compute](const Participation& p, SimTime) {
    return clients::Course{.compute = Seconds{compute[p.plan.client]}};
  };
  return fleet;
}

}  // namespace edgefuse::app::testing
