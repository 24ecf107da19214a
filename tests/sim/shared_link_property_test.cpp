#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "sim/random.hpp"
#include "sim/shared_link.hpp"

namespace edgefuse::sim {
namespace {

struct Transfer {
  double start;  // seconds
  double size;
  double cap;
};

/// Progressive filling (Bertsekas and Gallager, §6.5.2): all rates rise together; who reaches its cap stays there.
std::map<std::size_t, double> fill(double capacity, const std::vector<std::size_t>& running,
                                   const std::vector<Transfer>& transfers) {
  std::map<std::size_t, double> rates;
  std::vector<std::size_t> rising = running;
  double level = 0;
  double left = capacity;
  while (!rising.empty() && left > 1e-12 * capacity) {
    double step = left / static_cast<double>(rising.size());
    for (const auto i : rising)
      step = std::min(step, transfers[i].cap - level);
    level += step;
    left -= step * static_cast<double>(rising.size());
    for (const auto i : rising)
      rates[i] = level;
    std::erase_if(rising, [&](std::size_t i) { return transfers[i].cap <= level * (1 + 1e-15); });
  }
  return rates;
}

/// When each transfer ends, by moving every flow from one change to the next.
std::vector<double> brute_force(double capacity, const std::vector<Transfer>& transfers) {
  std::vector<double> ends(transfers.size());
  std::vector<double> left;
  for (const auto& transfer : transfers)
    left.push_back(transfer.size);
  std::vector<std::size_t> running;
  std::size_t next = 0;
  double now = 0;
  while (next < transfers.size() || !running.empty()) {
    const auto rates = fill(capacity, running, transfers);
    double until = next < transfers.size() ? transfers[next].start : INFINITY;
    for (const auto i : running)
      until = std::min(until, now + left[i] / rates.at(i));
    for (const auto i : running)
      left[i] -= rates.at(i) * (until - now);
    now = until;
    std::erase_if(running, [&](std::size_t i) {
      if (left[i] > 1e-9 * transfers[i].size) return false;
      ends[i] = now;
      return true;
    });
    while (next < transfers.size() && transfers[next].start <= now)
      running.push_back(next++);
  }
  return ends;
}

std::vector<double> on_the_link(double capacity, const std::vector<Transfer>& transfers) {
  std::vector<double> ends(transfers.size());
  SharedLink link{BytesPerSecond{capacity}};
  std::size_t next = 0;
  while (next < transfers.size() || link.flows() > 0) {
    const auto end = link.next_end();
    const SimTime start =
        next < transfers.size() ? after(SimTime{}, Seconds{transfers[next].start}) : SimTime{INT64_MAX};
    if (end && *end <= start) {
      for (const auto flow : link.take_ended(*end))
        ends[flow] = end->since_start().value;
    } else {
      link.start(start, static_cast<std::uint32_t>(next), Bytes{transfers[next].size},
                 BytesPerSecond{transfers[next].cap});
      ++next;
    }
  }
  return ends;
}

std::vector<Transfer> random_transfers(Draws& draws, std::size_t count) {
  std::vector<Transfer> transfers;
  const std::vector<double> caps = {2e5, 1e6, 3.3e6, 1.25e7};
  double now = 0;
  for (std::size_t i = 0; i < count; ++i) {
    now += std::round(-1e9 * std::log(draws.uniform())) * 1e-9;
    transfers.push_back({now, 1e5 + 1e7 * draws.uniform(), caps[draws.below(caps.size())]});
  }
  return transfers;
}

TEST(SharedLinkProperty, EndsEveryFlowWhenProgressiveFillingDoes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Draws draws{{.seed = seed}};
    const auto transfers = random_transfers(draws, 120);
    const double capacity = 1e6 * std::pow(10, 2 * draws.uniform());
    const auto expected = brute_force(capacity, transfers);
    const auto actual = on_the_link(capacity, transfers);
    // A tick is a nanosecond, and each of the ends before may have come up to one late.
    for (std::size_t i = 0; i < transfers.size(); ++i)
      ASSERT_NEAR(actual[i], expected[i], 2e-9 * static_cast<double>(transfers.size())) << "seed " << seed << ", " << i;
  }
}

TEST(SharedLinkProperty, GivesNobodyMoreThanItsCapAndUsesTheCapacityUp) {
  Draws draws{{.seed = 4}};
  SharedLink link{BytesPerSecond{5e6}};
  double caps = 0;
  std::vector<double> own;
  for (std::uint32_t flow = 0; flow < 60; ++flow) {
    own.push_back(1e4 * static_cast<double>(1 + draws.below(30)));
    caps += own.back();
    link.start(SimTime{flow}, flow, Bytes{1e9}, BytesPerSecond{own.back()});
    double used = 0;
    for (std::uint32_t i = 0; i <= flow; ++i) {
      EXPECT_LE(link.rate(i).value, own[i]);
      used += link.rate(i).value;
    }
    EXPECT_NEAR(used, std::min(5e6, caps), 1e-3) << flow + 1 << " flows";
  }
}

TEST(SharedLinkProperty, CarriesWhatItSaysOfFlowsThatAreWithdrawn) {
  SharedLink link{BytesPerSecond{100}};
  link.start(SimTime{0}, 7, Bytes{1000}, BytesPerSecond{80});
  link.start(SimTime{0}, 9, Bytes{100}, BytesPerSecond{80});
  EXPECT_EQ(link.rate(7).value, 50);
  EXPECT_DOUBLE_EQ(link.withdraw(SimTime{1'000'000'000}, 9).value, 50);
  EXPECT_EQ(link.rate(7).value, 80) << "the other takes what became free, up to its cap";
  EXPECT_EQ(link.next_end().value(), (SimTime{1'000'000'000 + 11'875'000'000})) << "950 bytes at 80 bytes/s";
  link.start(SimTime{1'000'000'000}, 9, Bytes{10}, BytesPerSecond{80});
  EXPECT_EQ(link.take_ended(link.next_end().value()), std::vector<std::uint32_t>{9}) << "the same number again";
}

TEST(SharedLinkProperty, DoesNotCareInWhichUnitsTheWorldIsMeasured) {
  Draws draws{{.seed = 6}};
  auto transfers = random_transfers(draws, 50);
  const auto ends = on_the_link(4e6, transfers);
  for (auto& transfer : transfers) {
    transfer.size *= 1024;
    transfer.cap *= 1024;
  }
  EXPECT_EQ(on_the_link(4e6 * 1024, transfers), ends);
}

}  // namespace
}  // namespace edgefuse::sim
