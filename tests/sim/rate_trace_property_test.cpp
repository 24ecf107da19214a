#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "sim/random.hpp"
#include "sim/rate_trace.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::sim {
namespace {

/// Traces of random lengths with gaps from 0.1 to 3 s and a few rates, among them none, so that many neighbours agree.
RateTraces random_traces(std::uint64_t seed) {
  Draws draws{{.seed = seed}};
  const auto folder = testing::scratch_folder();
  for (int trace = 0; trace < 3; ++trace) {
    std::ofstream out{folder / std::to_string(trace)};
    double at = draws.uniform();
    out << at << " 1.5\n";
    for (auto more = 1 + draws.below(12); more > 0; --more)
      out << (at += 0.1 + 2.9 * draws.uniform()) << '\t' << 0.75 * static_cast<double>(draws.below(4)) << '\n';
  }
  return RateTraces::read(folder);
}

TEST(RateTraceProperty, SaysInTheMiddleOfASpanWhatItSaidAtItsBegin) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto traces = random_traces(seed);
    Draws draws{{.seed = seed, .round = 1}};
    for (std::uint32_t client = 0; client < 5; ++client) {
      SimTime at{static_cast<std::int64_t>(draws.below(1'000'000'000'000))};
      for (int span = 0; span < 40; ++span) {
        const auto [rate, until] = traces.rate(seed, client, at);
        if (until == SimTime::never()) break;
        ASSERT_GT(until, at) << "seed " << seed << ", client " << client;
        const auto length = static_cast<std::uint64_t>(until.nanoseconds - at.nanoseconds);
        for (const auto part : {draws.below(length), length - 1}) {
          const auto inside = traces.rate(seed, client, SimTime{at.nanoseconds + static_cast<std::int64_t>(part)});
          ASSERT_EQ(inside.rate, rate) << "seed " << seed << ", client " << client << ", at " << at.nanoseconds;
          ASSERT_EQ(inside.until, until) << "seed " << seed << ", client " << client << ", at " << at.nanoseconds;
        }
        ASSERT_NE(traces.rate(seed, client, until).rate, rate) << "seed " << seed << ", client " << client;
        at = until;
      }
    }
  }
}

TEST(RateTraceProperty, CarriesTheMeanInTheLongRun) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto traces = random_traces(seed);
    for (std::uint32_t client = 0; client < 5; ++client) {
      const SimTime end{100'000'000'000'000};
      Bytes carried{};
      for (SimTime at{}; at < end;) {
        const auto [rate, until] = traces.rate(seed, client, at);
        carried += rate * std::min(until, end).since(at);
        at = until;
      }
      const auto mean = traces.mean(seed, client);
      EXPECT_NEAR(carried / end.since_start() / mean, 1, 1e-3) << "seed " << seed << ", client " << client;
    }
  }
}

TEST(RateTraceProperty, DealsPhasesSoThatClientsDoNotChangeTogether) {
  const auto traces = random_traces(1);
  std::set<std::int64_t> first_changes;
  for (std::uint32_t client = 0; client < 100; ++client)
    first_changes.insert(traces.rate(1, client, SimTime{}).until.nanoseconds);
  EXPECT_GE(first_changes.size(), 95u);
  EXPECT_NE(traces.rate(1, 0, SimTime{}).until, traces.rate(2, 0, SimTime{}).until) << "another seed, another deal";
}

}  // namespace
}  // namespace edgefuse::sim
