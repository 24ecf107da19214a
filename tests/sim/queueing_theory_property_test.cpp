#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <deque>

#include "sim/random.hpp"
#include "sim/simulator.hpp"

// The clock and the queue against a chain that theory knows: Poisson arrivals at one server with exponential service
// (M/M/1; Kleinrock, Queueing Systems I, §3.2).

namespace edgefuse::sim {
namespace {

enum class Kind : std::uint8_t { arrival, served };

struct MeanStay {
  double seconds = 0;
  double busy = 0;  // share of time
};

MeanStay simulate(double arrivals_per_second, double served_per_second, std::int64_t customers) {
  Simulator<Kind> simulator{2};
  Draws draws{{.seed = 7, .domain = Domain::test}};
  const auto exponential = [&](double rate) { return Seconds{-std::log(draws.uniform()) / rate}; };
  const auto schedule = [&](std::uint32_t actor, double rate, Kind kind) {
    simulator.schedule(after(simulator.now(), exponential(rate)), Phase::completion, actor, kind);
  };
  std::deque<SimTime> waiting;
  double stays = 0;
  double busy = 0;
  SimTime last{};
  std::int64_t served = 0;
  schedule(0, arrivals_per_second, Kind::arrival);
  simulator.run([&](const Event& event, Kind kind) {
    if (!waiting.empty()) busy += event.time.since(last).value;
    last = event.time;
    if (kind == Kind::arrival) {
      waiting.push_back(event.time);
      if (waiting.size() == 1) schedule(1, served_per_second, Kind::served);
      schedule(0, arrivals_per_second, Kind::arrival);
    } else {
      stays += event.time.since(waiting.front()).value;
      waiting.pop_front();
      if (++served == customers) return simulator.stop();
      if (!waiting.empty()) schedule(1, served_per_second, Kind::served);
    }
  });
  return {.seconds = stays / static_cast<double>(customers), .busy = busy / simulator.now().since_start().value};
}

TEST(QueueingTheory, MeanStayIsOneOverServiceLessArrivals) {
  for (const double load : {0.3, 0.6, 0.8}) {
    const auto found = simulate(load, 1, 400'000);
    const double expected = 1 / (1 - load);
    EXPECT_NEAR(found.seconds, expected, 0.03 * expected) << "at load " << load;
    EXPECT_NEAR(found.busy, load, 0.01) << "at load " << load;
  }
}

}  // namespace
}  // namespace edgefuse::sim
