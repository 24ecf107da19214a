// The hold model of app/bench/hold_model.hpp for several numbers of pending events, and flows that come and go on a
// shared link: so many flows, of so many rates, through so many branches. Items are events, or flows.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "app/bench/hold_model.hpp"
#include "app/bench/queue_speed.hpp"
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

/// What `edgefuse bench queue` measures, the classic queue of closures among it, as ratios in one run.
void ratios(benchmark::State& state) {
  app::QueueSpeed speed;
  for ([[maybe_unused]] const auto _ : state)
    speed = app::measure_queues(static_cast<std::uint32_t>(state.range(0)), 3'000'000, 3);
  state.counters["ladder_per_s"] = speed.ladder;
  state.counters["kernel_per_s"] = speed.kernel;
  state.counters["ratio_to_heap"] = speed.ladder / speed.heap;
  state.counters["ratio_to_closures"] = speed.ladder / speed.closures;
}

/// Flows on a link: whenever one ends, another begins in a branch and with a cap drawn anew.
class SharedModel {
 public:
  SharedModel(sim::SharedLink link, std::uint32_t flows, std::uint64_t rates, std::uint64_t branches)
      : link_{std::move(link)}, rates_{rates}, branches_{branches} {
    for (std::uint32_t flow = 0; flow < flows; ++flow)
      start(flow);
  }
  /// Goes on to the next end; returns how many flows ended there and began.
  std::int64_t step() {
    now_ = *link_.next_end();
    const auto ended = link_.take_ended(now_);
    for (const auto flow : ended)
      start(flow);
    return static_cast<std::int64_t>(ended.size());
  }
  /// Another cap for a flow, a nanosecond later.
  void change(std::uint32_t flow) { link_.change_cap(now_ = SimTime{now_.nanoseconds + 1}, flow, cap()); }

 private:
  BytesPerSecond cap() { return BytesPerSecond{5e5 * std::exp2(static_cast<double>(draws_.below(rates_)) / 16)}; }
  void start(std::uint32_t flow) {
    const auto branch = static_cast<std::uint32_t>(draws_.below(branches_));
    link_.start(now_, flow, Bytes{-1e6 * std::log(draws_.uniform())}, cap(), branch);
  }

  sim::Draws draws_{{.seed = 2}};
  sim::SharedLink link_;
  std::uint64_t rates_;
  std::uint64_t branches_;
  SimTime now_{};
};

SharedModel star(const benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  return {sim::SharedLink{BytesPerSecond{1e6 * flows}}, flows, static_cast<std::uint64_t>(state.range(1)), 1};
}

/// Half of the branches fill up before the root does.
SharedModel tree(const benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const auto branches = static_cast<std::size_t>(state.range(2));
  std::vector<BytesPerSecond> capacities;
  for (std::size_t branch = 0; branch < branches; ++branch)
    capacities.emplace_back((branch % 2 == 0 ? 4e5 : 4e6) * flows / static_cast<double>(branches));
  return {sim::SharedLink{BytesPerSecond{5e5 * flows}, capacities}, flows, static_cast<std::uint64_t>(state.range(1)),
          branches};
}

template <SharedModel (*make)(const benchmark::State&)>
void share(benchmark::State& state) {
  SharedModel model = make(state);
  std::int64_t ended = 0;
  for ([[maybe_unused]] const auto _ : state)
    ended += model.step();
  state.SetItemsProcessed(ended);
}

void change_caps(benchmark::State& state) {
  SharedModel model = star(state);
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; [[maybe_unused]] const auto _ : state)
    model.change((i += 7919) % flows);
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(hold<sim::LadderQueue>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Name("hold/ladder");
BENCHMARK(hold<sim::HeapQueue>)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Name("hold/heap");
BENCHMARK(ratios)->Arg(1'000'000)->Name("hold/ratios")->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(share<star>)->ArgsProduct({{10'000, 1'000'000}, {8, 32, 64}})->Name("shared_link");
BENCHMARK(share<tree>)->ArgsProduct({{10'000, 1'000'000}, {8}, {8, 64}})->Name("shared_link/tree");
BENCHMARK(change_caps)->ArgsProduct({{10'000, 1'000'000}, {8, 64}})->Name("shared_link/change_cap");

}  // namespace
