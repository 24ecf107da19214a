#include "app/run/round_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/error.hpp"
#include "tests/app/simulated_run.hpp"

namespace edgefuse::app {
namespace {

using testing::computing;
using testing::SimulatedFleet;

double seconds(SimTime time) {
  return time.since_start().value;
}

Parameters rounds_of(double rounds, double clients) {
  return {{"rounds", rounds}, {"clients_per_round", clients}};
}

TEST(RoundSimulation, ARoundLastsAsLongAsItsSlowestClient) {
  const auto run = SimulatedFleet{}.run("synchronous", rounds_of(1, 3));
  // latency + 4 MB / rate, compute, latency + 1 MB / (1 MB/s)
  const std::vector<double> expected = {0.5 + 2.0 + 10 + 0.5 + 1, 0.5 + 1.0 + 11 + 0.5 + 1,
                                        0.5 + 4.0 / 6 + 12 + 0.5 + 1};
  ASSERT_EQ(run.rounds.size(), 1U);
  ASSERT_EQ(run.rounds[0].participations.size(), 3U);
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(seconds(run.rounds[0].participations[c].ended), expected[c], 1e-8) << "client " << c;
  EXPECT_NEAR(seconds(run.rounds[0].end), expected[2], 1e-8);
}

TEST(RoundSimulation, TheNextRoundBeginsWhenTheLastHasFused) {
  const auto run = SimulatedFleet{}.run("synchronous", rounds_of(3, 2));
  ASSERT_EQ(run.rounds.size(), 3U);
  for (std::size_t r = 1; r < 3; ++r) {
    EXPECT_EQ(run.rounds[r].start, run.rounds[r - 1].end) << "round " << r + 1;
    EXPECT_EQ(run.rounds[r].round, static_cast<std::int64_t>(r + 1));
  }
}

TEST(RoundSimulation, ClientsThatFitNoVariantAreCountedAndNotWaitedFor) {
  SimulatedFleet fleet{.clients = 4};
  fleet.plan = [whole = fleet.plan](std::uint32_t c) { return c % 2 == 1 ? std::nullopt : whole(c); };
  const auto run = fleet.run("synchronous", rounds_of(1, 4));
  ASSERT_EQ(run.rounds.size(), 1U);
  EXPECT_EQ(run.rounds[0].sat_out, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(run.rounds[0].participations.size(), 2U);
  EXPECT_EQ(run.started, (std::vector<std::uint32_t>{0, 2}));
}

TEST(RoundSimulation, ClientsShareWhatTheServerCanSend) {
  // 3 MB/s for three clients whose own links take 2, 4 and 6 MB/s: each gets 1 MB/s until all have their 4 MB.
  SimulatedFleet fleet;
  fleet.network.down = BytesPerSecond{3e6};
  const auto run = fleet.run("synchronous", rounds_of(1, 3));
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(seconds(run.rounds[0].participations[c].ended), 0.5 + 4 + 10 + static_cast<double>(c) + 0.5 + 1, 1e-8)
        << "client " << c;
}

TEST(RoundSimulation, UploadsThatMeetShareWhatTheServerCanTakeIn) {
  // Uploads begin at 12.5 s both (1 s later by compute, 1 s earlier by download), at 1 MB/s in all.
  SimulatedFleet fleet{.clients = 2};
  fleet.network.up = BytesPerSecond{1e6};
  const auto run = fleet.run("synchronous", rounds_of(1, 2));
  for (std::size_t c = 0; c < 2; ++c)
    EXPECT_NEAR(seconds(run.rounds[0].participations[c].ended), 0.5 + 2 + 10 + 2 + 0.5, 1e-8) << "client " << c;
}

TEST(RoundSimulation, EveryClientHasThreeEventsAndEveryRoundTwo) {
  SimulatedFleet fleet{.clients = 5};
  const auto run = fleet.run("synchronous", rounds_of(2, 5));
  const auto of_the_link = std::ranges::count(run.kinds, EventKind::transfers_sent);
  EXPECT_EQ(run.kinds.size() - static_cast<std::size_t>(of_the_link), 2U * (5 * 3 + 2));
  EXPECT_LE(of_the_link, 2 * 2 * 5) << "an end of a transfer each, or several at once";
  EXPECT_EQ(run.kinds.front(), EventKind::begin_round);
  EXPECT_EQ(run.kinds.back(), EventKind::fuse);
}

TEST(RoundSimulation, CountsOverheadOnEveryMessage) {
  SimulatedFleet fleet{.clients = 1};
  fleet.network.message_overhead = Bytes{1e6};
  const auto run = fleet.run("synchronous", rounds_of(1, 1));
  EXPECT_NEAR(seconds(run.rounds[0].end), 0.5 + 2.5 + 10 + 0.5 + 2, 1e-8) << "5 MB down at 2 MB/s, 2 MB up";
  EXPECT_NEAR(run.rounds[0].participations[0].did.down.value, 5e6, 1);
  EXPECT_NEAR(run.rounds[0].server_up.value, 2e6, 1);
}

TEST(RoundSimulation, WhoLeavesIsLostWithWhatItHadReceived) {
  SimulatedFleet fleet{.clients = 2};
  fleet.presence = [](std::uint32_t client, SimTime) {
    return sim::Presence{.there = true, .until = client == 0 ? SimTime{1'000'000'000} : SimTime::never()};
  };
  const auto run = fleet.run("synchronous", rounds_of(1, 2));
  const auto& gone = run.rounds[0].participations[0];
  EXPECT_EQ(gone.fate, Fate::left);
  EXPECT_EQ(seconds(gone.ended), 1);
  EXPECT_NEAR(gone.did.down.value, 2e6, 1) << "a second at 2 MB/s";
  EXPECT_EQ(gone.did.compute.value, 0);
  EXPECT_EQ(run.rounds[0].participations[1].fate, Fate::returned);
}

TEST(RoundSimulation, WhoHasSentItsUpdateMayLeave) {
  SimulatedFleet fleet{.clients = 1};
  fleet.presence = [](std::uint32_t, SimTime) {
    return sim::Presence{.there = true, .until = SimTime{13'700'000'000}};  // sent at 13.5 s, there at 14 s
  };
  const auto run = fleet.run("synchronous", rounds_of(1, 1));
  EXPECT_EQ(run.rounds[0].participations[0].fate, Fate::returned);
}

TEST(RoundSimulation, ADeviceThatDiesStopsInTheMiddleOfItsTraining) {
  SimulatedFleet fleet{.clients = 1};
  for (const auto stop : {clients::Course::Stop::crash, clients::Course::Stop::flat}) {
    fleet.course = [stop](const Participation& p, SimTime) {
      return clients::Course{.compute = p.plan.compute, .stops = Seconds{4}, .stop = stop};
    };
    const auto run = fleet.run("synchronous", rounds_of(1, 1));
    const auto& dead = run.rounds[0].participations[0];
    EXPECT_EQ(dead.fate, stop == clients::Course::Stop::crash ? Fate::crashed : Fate::flat);
    EXPECT_NEAR(dead.did.compute.value, 4, 1e-8);
    EXPECT_EQ(dead.did.up.value, 0);
  }
}

TEST(RoundSimulation, ADamagedUpdateIsCarriedAndRefused) {
  SimulatedFleet fleet{.clients = 1};
  fleet.course = [](const Participation& p, SimTime) {
    return clients::Course{.compute = p.plan.compute, .corrupt = true};
  };
  const auto run = fleet.run("synchronous", rounds_of(1, 1));
  EXPECT_EQ(run.rounds[0].participations[0].fate, Fate::corrupt);
  EXPECT_EQ(run.rounds[0].participations[0].did.up.value, 1e6);
}

TEST(RoundSimulation, ATransferFollowsTheRatesOfItsLink) {
  SimulatedFleet fleet{.clients = 1};
  fleet.path = [](std::uint32_t, SimTime at) {  // 1 MB/s in even seconds, nothing in odd ones
    const auto second = at.nanoseconds / 1'000'000'000;
    const BytesPerSecond rate{second % 2 == 0 ? 1e6 : 0};
    return clients::PathSpan{.link = {.up = BytesPerSecond{1e9}, .down = rate, .latency = Seconds{}},
                             .until = SimTime{(second + 1) * 1'000'000'000}};
  };
  const auto run = fleet.run("synchronous", rounds_of(1, 1));
  EXPECT_NEAR(seconds(run.rounds[0].end), 7 + 10 + 0.001, 1e-6) << "four even seconds of the first seven";
}

TEST(RoundSimulation, CallsOffWhoIsNotAmongTheFirst) {
  auto fleet = computing({10, 20, 30, 40});
  auto parameters = rounds_of(1, 2);
  parameters["over_selection"] = 1.0;
  const auto run = fleet.run("synchronous", parameters);
  const auto& parts = run.rounds[0].participations;
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_NEAR(seconds(run.rounds[0].end), 20, 1e-6);
  EXPECT_EQ(parts[1].fate, Fate::returned);
  EXPECT_EQ(parts[3].fate, Fate::called_off);
  EXPECT_NEAR(parts[3].did.compute.value, 20, 1e-6) << "until it was called off";
}

TEST(RoundSimulation, ADeadlineFusesWhatIsThere) {
  auto parameters = rounds_of(2, 3);
  parameters["window"] = 25.0;
  const auto run = computing({10, 20, 30}).run("deadline", parameters);
  for (std::size_t r = 0; r < 2; ++r) {
    EXPECT_NEAR(seconds(run.rounds[r].end), 25.0 * static_cast<double>(r + 1), 1e-6);
    EXPECT_EQ(run.rounds[r].participations[2].fate, Fate::called_off) << "round " << r + 1;
  }
}

TEST(RoundSimulation, WhoIsLateIsFusedLaterIfKept) {
  auto parameters = rounds_of(2, 2);
  parameters["window"] = 25.0;
  parameters["late"] = std::string{"keep"};
  const auto run = computing({10, 30}).run("deadline", parameters);
  ASSERT_EQ(run.rounds.size(), 2U);
  EXPECT_EQ(run.rounds[0].participations.size(), 1U);
  const auto& second = run.rounds[1].participations;
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[1].fate, Fate::returned);
  EXPECT_EQ(second[1].version, 0) << "it started from what the first window had not changed yet";
  EXPECT_NEAR(seconds(run.rounds[1].end), 35, 1e-6) << "nobody is on the way any more";
}

TEST(RoundSimulation, DiscardsARoundWithoutAQuorum) {
  auto fleet = computing({10, 10, 10});
  fleet.course = [](const Participation& p, SimTime) {
    clients::Course course{.compute = Seconds{10}};
    if (p.plan.client > 0) course.stops = Seconds{5};
    return course;
  };
  auto parameters = rounds_of(1, 3);
  parameters["quorum"] = 2.0;
  const auto run = fleet.run("synchronous", parameters);
  EXPECT_EQ(run.rounds[0].participations[0].fate, Fate::discarded);
}

}  // namespace
}  // namespace edgefuse::app
