// scenarios/bench/million.toml whole, and the start of ten million clients of whom a thousand are invited once. Each is
// run beside a tenth of its fleet, so that the ratios say what clients cost who do nothing: the rounds are the same.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/bench/peak_memory.hpp"
#include "app/bench/stopwatch.hpp"
#include "app/command.hpp"

namespace {

using namespace edgefuse::app;

struct Cost {
  double seconds = 0;
  double bytes = 0;  // above what the process had before
};

Cost run_fleet(std::int64_t clients, std::int64_t rounds, std::int64_t invited) {
  const auto result = std::filesystem::temp_directory_path() / "edgefuse-fleet-bench.h5";
  const Arguments arguments = {"run",   EDGEFUSE_SCENARIOS "/bench/million.toml",
                               "--set", fmt::format("fleet.clients={}", clients),
                               "--set", fmt::format("protocol.rounds={}", rounds),
                               "--set", fmt::format("protocol.clients_per_round={}", invited),
                               "--out", result.string()};
  std::ostringstream out;
  const PeakMemory memory;
  Cost cost;
  cost.seconds = seconds_of([&] {
    if (run_program(arguments, {out, out}) != 0) throw std::runtime_error{out.str()};
  });
  cost.bytes = static_cast<double>(memory.grown());
  std::filesystem::remove(result);
  return cost;
}

void fleet(benchmark::State& state) {
  const std::int64_t clients = state.range(0);
  Cost tenth;
  Cost whole;
  for ([[maybe_unused]] const auto _ : state) {
    tenth = run_fleet(clients / 10, state.range(1), state.range(2));
    whole = run_fleet(clients, state.range(1), state.range(2));
  }
  state.counters["seconds"] = whole.seconds;
  state.counters["ratio_to_a_tenth"] = whole.seconds / tenth.seconds;
  state.counters["bytes_per_idle_client"] = (whole.bytes - tenth.bytes) / (0.9 * static_cast<double>(clients));
}

BENCHMARK(fleet)
    ->Args({1'000'000, 100, 10'000})
    ->Args({10'000'000, 1, 1'000})
    ->ArgNames({"clients", "rounds", "invited"})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
