#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/app/simulated_run.hpp"

namespace edgefuse::app {
namespace {

using testing::SimulatedFleet;

/// Four clients in two cells behind a server of 1 MB/s each way: a model of 4 MB, updates of 1 MB, two seconds of work.
SimulatedFleet two_cells(bool aggregators) {
  SimulatedFleet fleet{.clients = 4};
  const CellCapacity cell{.down = BytesPerSecond{4e6}, .up = BytesPerSecond{4e6}, .backhaul = BytesPerSecond{1e9}};
  fleet.network = {.down = BytesPerSecond{1e6},
                   .up = BytesPerSecond{1e6},
                   .cells = {cell, cell},
                   .aggregators = aggregators,
                   .variants = 1,
                   .backhaul_latency = Seconds{0.25},
                   .dense_update = Bytes{1.5e6}};
  fleet.cell = [](std::uint32_t client) { return client / 2; };
  fleet.path = [](std::uint32_t, SimTime) {
    return clients::PathSpan{.link = {.up = BytesPerSecond{1e8}, .down = BytesPerSecond{1e8}, .latency = Seconds{0.5}}};
  };
  fleet.course = [](const Participation&, SimTime) { return clients::Course{.compute = Seconds{2}}; };
  return fleet;
}

TEST(Aggregators, ReceiveAVariantOnceForAllTheirClients) {
  const auto run = two_cells(true).run("hierarchical", {{"rounds", 1.0}, {"clients_per_round", 4.0}});
  ASSERT_EQ(run.rounds.size(), 1U);
  EXPECT_NEAR(run.rounds[0].server_down.value, 8e6, 1) << "4 MB for each of two cells";
  EXPECT_NEAR(run.rounds[0].server_up.value, 3e6, 1) << "the dense sum is smaller than two updates' factors";
  // Down: two models at 1 MB/s in all take 8 s; in the cell 8 MB at 4 MB/s. Up: 2 MB at 4 MB/s; 3 MB at 1 MB/s.
  EXPECT_NEAR(run.rounds[0].end.since_start().value, 8 + 0.25 + 2 + 0.5 + 2 + 0.5 + 0.5 + 3 + 0.25, 1e-6);
}

TEST(Aggregators, SaveTheServersLinkWhatDirectTransfersCostIt) {
  const auto run = two_cells(false).run("synchronous", {{"rounds", 1.0}, {"clients_per_round", 4.0}});
  EXPECT_NEAR(run.rounds[0].server_down.value, 16e6, 1);
  EXPECT_NEAR(run.rounds[0].end.since_start().value, 16 + 0.5 + 2 + 4 + 0.5, 1e-6);
}

TEST(Aggregators, PassOnWhatTheyHaveWhenAClientIsLost) {
  auto fleet = two_cells(true);
  fleet.course = [](const Participation& p, SimTime) {
    clients::Course course{.compute = Seconds{2}};
    if (p.plan.client == 1) course.stops = Seconds{1};
    return course;
  };
  const auto run = fleet.run("hierarchical", {{"rounds", 1.0}, {"clients_per_round", 4.0}});
  EXPECT_NEAR(run.rounds[0].server_up.value, 2.5e6, 1) << "one update of 1 MB, and two as 1.5 MB";
  EXPECT_EQ(run.rounds[0].participations[1].fate, Fate::crashed);
  EXPECT_EQ(std::ranges::count(run.rounds[0].participations, Fate::returned, &Participation::fate), 3);
}

TEST(Aggregators, ForgetModelsThatNobodyWaitsForAnyMore) {
  auto fleet = two_cells(true);
  fleet.presence = [](std::uint32_t client, SimTime at) {  // the second cell's clients go before their model comes
    const SimTime leaves{1'000'000'000};
    if (client < 2) return sim::Presence{};
    return at < leaves ? sim::Presence{.there = true, .until = leaves}
                       : sim::Presence{.there = false, .until = SimTime::never()};
  };
  const auto run = fleet.run("hierarchical", {{"rounds", 3.0}, {"clients_per_round", 4.0}});
  ASSERT_EQ(run.rounds.size(), 3U);
  EXPECT_EQ(run.rounds[0].participations[3].fate, Fate::left);
  EXPECT_EQ(run.rounds[2].participations.size(), 2U);
}

}  // namespace
}  // namespace edgefuse::app
