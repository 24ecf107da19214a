#pragma once

#include <limits>
#include <string>
#include <vector>

#include "results/recorder.hpp"

/// A small run to record: three clients, any number of rounds.
namespace edgefuse::results::sample {

inline RunHeader header() {
  return {.name = "sample",
          .question = "Does what goes in come out?",
          .scenario_written = "# as written\nname = \"sample\"\n",
          .scenario_resolved = "name = \"sample\"\nseed = 7\n",
          .seed = 7,
          .fidelity = "learning",
          .clients = 3,
          .event_phases = {"completion", "server"},
          .event_kinds = {"downloaded", "trained", "uploaded"}};
}

inline std::vector<ClientRow> clients() {
  return {{"laptop", "law", Bytes{8e9}, 120},
          {"raspberry-pi-5", "music", Bytes{4e9}, 1},
          {"raspberry-pi-5", "law+music", Bytes{4.5e9}, 0}};
}

inline RoundRow round(std::int64_t number) {
  return {.round = number,
          .version = number,
          .start = SimTime{(number - 1) * 1'000'000'007},
          .end = SimTime{number * 1'000'000'007},
          .started = 2,
          .returned = 1,
          .lost = 1,
          .late = 0,
          .refused = 0,
          .sat_out = 1,
          .bytes_up = Bytes{1000.0 * static_cast<double>(number)},
          .bytes_down = Bytes{5e6},
          .energy = Joules{12.5},
          .training_loss = 1.0 / static_cast<double>(number),
          .wasted = Bytes{2.5e6},
          .server_up = Bytes{1000.0 * static_cast<double>(number)},
          .server_down = Bytes{5e6},
          .staleness = 0.5,
          .carbon = 1.25,
          .cost = 0.125};
}

inline std::vector<PlanRow> plans(std::int64_t number) {
  PlanRow returned{.round = number,
                   .client = 0,
                   .ratio = 0.25,
                   .parameters = 61000,
                   .rank = 8,
                   .steps = 15,
                   .examples = 120,
                   .predicted = Seconds{1.5},
                   .simulated = Seconds{1.75},
                   .peak_memory = Bytes{3e9},
                   .download = Bytes{2e6},
                   .upload = Bytes{1e5},
                   .energy = Joules{6.25},
                   .binding = "memory",
                   .first_loss = 2.5,
                   .last_loss = 1.5,
                   .outcome = Outcome::returned,
                   .fate = "fused",
                   .invitation = number,
                   .version = number - 1,
                   .staleness = 0,
                   .received = Bytes{2e6},
                   .sent = Bytes{1e5},
                   .spent = Joules{6.5}};
  auto lost = returned;
  lost.client = 1;
  lost.first_loss = lost.last_loss = std::numeric_limits<double>::quiet_NaN();
  lost.outcome = Outcome::lost;
  lost.fate = "left";
  lost.sent = Bytes{5e4};
  return {returned, lost};
}

inline std::vector<EvaluationRow> evaluation(std::int64_t number) {
  const auto gain = 0.01 * static_cast<double>(number);
  return {{number, "base", "accuracy", "all", 0.25, 0.2, 0.3, 200},
          {number, "fused", "accuracy", "all", 0.5 + gain, 0.45 + gain, 0.55 + gain, 200},
          {number, "fused", "accuracy", "musique française", 0.5, 0.4, 0.6, 100}};
}

inline std::vector<FusionRow> fusion(std::int64_t number) {
  return {{.round = number, .arm = "fused", .norm = 1.5, .mean_norm = 2, .error = 0.25}};
}

inline std::vector<ConflictRow> conflict(std::int64_t number) {
  return {{.round = number,
           .module = "model.layers.0.self_attn.q_proj",
           .clients = 2,
           .cosine = -0.125,
           .lowest = -0.125,
           .disagreement = 0.625,
           .excess = 0.125,
           .cancelled = 0.5}};
}

inline std::vector<ConflictPairRow> conflict_pairs(std::int64_t number) {
  return {{.round = number,
           .module = "model.layers.0.self_attn.q_proj",
           .first = 0,
           .second = 1,
           .cosine = -0.125,
           .disagreement = 0.625,
           .excess = 0.125,
           .overlap = 1,
           .top_overlap = 0.25,
           .norm_ratio = 0.75,
           .rows = 0.5,
           .columns = std::numeric_limits<double>::quiet_NaN()}};
}

inline std::vector<EventRow> events(std::int64_t number) {
  return {{SimTime{number}, 0, 0, 0}, {SimTime{number}, 0, 2, 1}, {SimTime{number}, 1, 1, -1}};
}

inline Provenance provenance() {
  return {.edgefuse_version = "0.1.0",
          .git = "v0.1.0-3-gabc",
          .compiler = "g++ 12",
          .libtorch_version = "1.13.1",
          .cpu = "a processor",
          .threads = 2,
          .started = "2024-01-02T03:04:05Z",
          .wall_time = Seconds{1.25},
          .scenario_file = "sample.toml",
          .command = "run sample.toml"};
}

inline void add_round(Recorder& recorder, std::int64_t number) {
  recorder.add(plans(number));
  recorder.add(evaluation(number));
  recorder.add(fusion(number));
  recorder.add(conflict(number));
  recorder.add(conflict_pairs(number));
  recorder.add(events(number));
  recorder.add(round(number));
}

/// A whole run of `rounds`; the digest it ended with.
inline std::string record(const std::filesystem::path& file, std::int64_t rounds, const RunHeader& run = header(),
                          const Provenance& made_by = provenance()) {
  Recorder recorder{file, run};
  recorder.add(clients());
  for (std::int64_t number = 1; number <= rounds; ++number) {
    add_round(recorder, number);
    recorder.commit();
  }
  recorder.finish(made_by);
  return recorder.digest();
}

}  // namespace edgefuse::results::sample
