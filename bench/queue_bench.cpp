// The hold model of app/bench/hold_model.hpp for several numbers of pending events, and flows that come and go on a
// shared link. Items are events, or flows.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>

#include "app/bench/hold_model.hpp"
#include "sim/heap_queue.hpp"
#include "sim/ladder_queue.hpp"
#include "sim/random.hpp"
#include "sim/shared_link.hpp"

namespace {

using namespace edgefuse;

template <class Queue>
void hold(benchmark::State& state) {
  app::QueueModel<Queue> model{static_cast<std::uint32_t>(state.range(0))};
  for ([[maybe_unused]] const auto _ : state)
    model.hold(1);
  state.SetItemsProcessed(state.iterations());
}

/// `range(0)` flows of `range(1)` different rates: one ends, another begins.
void share(benchmark::State& state) {
  sim::Draws draws{{.seed = 2}};
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const auto rates = static_cast<std::uint64_t>(state.range(1));
  sim::SharedLink link{BytesPerSecond{1e6 * static_cast<double>(flows)}};
  SimTime now{};
  const auto start = [&](std::uint32_t flow) {
    const double cap = 5e5 * std::exp2(static_cast<double>(draws.below(rates)) / 16);
    link.start(now, flow, Bytes{-1e6 * std::log(draws.uniform())}, BytesPerSecond{cap});
  };
  for (std::uint32_t flow = 0; flow < flows; ++flow)
    start(flow);
  std::int64_t ended = 0;
  for ([[maybe_unused]] const auto _ : state) {
    now = *link.next_end();
    for (const auto flow : link.take_ended(now)) {
      start(flow);
      ++ended;
    }
  }
  state.SetItemsProcessed(ended);
}

BENCHMARK(hold<sim::LadderQueue>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Name("hold/ladder");
BENCHMARK(hold<sim::HeapQueue>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Name("hold/heap");
BENCHMARK(share)->ArgsProduct({{10'000, 1'000'000}, {8, 32, 64}})->Name("shared_link");

}  // namespace
