#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/error.hpp"
#include "tests/app/simulated_run.hpp"

namespace edgefuse::app {
namespace {

using testing::computing;
using testing::SimulatedFleet;

constexpr std::int64_t second = 1'000'000'000;

Parameters rounds_of(double rounds, double clients) {
  return {{"rounds", rounds}, {"clients_per_round", clients}};
}

TEST(AsynchronousRounds, OfOneBufferAndEqualSpeedsAreSynchronous) {
  const auto fleet = computing({10, 10, 10, 10});
  auto parameters = rounds_of(5, 4);
  const auto synchronous = fleet.run("synchronous", parameters);
  parameters["buffer"] = 4.0;
  const auto buffered = fleet.run("buffered", parameters);
  ASSERT_EQ(buffered.rounds.size(), synchronous.rounds.size());
  for (std::size_t r = 0; r < synchronous.rounds.size(); ++r) {
    const auto& a = synchronous.rounds[r];
    const auto& b = buffered.rounds[r];
    EXPECT_EQ(a.end, b.end) << "round " << r + 1;
    EXPECT_EQ(a.participations.size(), b.participations.size()) << "round " << r + 1;
    for (const auto& p : b.participations)
      EXPECT_EQ(p.version, b.version) << "nobody is stale, round " << r + 1;
  }
}

TEST(AsynchronousRounds, OfTwoSpeedsAreStaleByTheirRatio) {
  const auto run = computing({10, 35}).run("asynchronous", rounds_of(8, 2));
  // The fast one fuses at 10, 20 and 30 s; the slow one, begun at version 0, at 35 s; then 40, 50, 60 and 70 s at
  // once with the slow one's second.
  std::vector<std::int64_t> staleness_of_slow;
  for (const auto& round : run.rounds)
    for (const auto& p : round.participations)
      if (p.plan.client == 1 && p.fate == Fate::returned) staleness_of_slow.push_back(round.version - p.version);
  ASSERT_FALSE(staleness_of_slow.empty());
  EXPECT_EQ(staleness_of_slow[0], 3);
  EXPECT_NEAR(run.rounds[3].end.since_start().value, 35, 1e-6);
}

TEST(AsynchronousRounds, KeepPlacesOpenUntilClientsCome) {
  auto fleet = computing({10, 10});
  fleet.presence = [](std::uint32_t client, SimTime at) {
    const SimTime comes{client == 0 ? 0 : 100 * second};
    return at >= comes ? sim::Presence{} : sim::Presence{.there = false, .until = comes};
  };
  auto parameters = rounds_of(12, 2);
  parameters["buffer"] = 1.0;
  const auto run = fleet.run("buffered", parameters);
  std::int64_t before = 0;
  for (const auto& round : run.rounds)
    before += round.end < SimTime{100 * second};
  EXPECT_EQ(before, 9) << "one client alone, every ten seconds, and the other from second 100 on";
  EXPECT_NEAR(run.rounds.back().end.since_start().value, 110, 1e-3);
}

TEST(AsynchronousRounds, CountWhoIsOnTheWayAtTheEnd) {
  auto parameters = rounds_of(1, 3);
  parameters["buffer"] = 1.0;
  const auto run = computing({10, 20, 30}).run("buffered", parameters);
  ASSERT_EQ(run.rounds.size(), 1U);
  ASSERT_EQ(run.rounds[0].participations.size(), 3U) << "every client's fate is told";
  EXPECT_EQ(run.rounds[0].participations[2].fate, Fate::called_off);
}

TEST(AsynchronousRounds, AskOthersWhenSomebodySitsOut) {
  auto fleet = computing({10, 10, 10, 10});
  fleet.plan = [plan = fleet.plan](std::uint32_t c) { return c < 2 ? std::nullopt : plan(c); };
  auto parameters = rounds_of(2, 2);
  parameters["buffer"] = 2.0;
  const auto run = fleet.run("buffered", parameters);
  EXPECT_EQ(run.rounds[0].sat_out, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_TRUE(run.rounds[1].sat_out.empty()) << "nobody is asked twice";
  EXPECT_NEAR(run.rounds[1].end.since_start().value, 20, 1e-6);
}

std::string why_it_stops(const SimulatedFleet& fleet, const std::string& protocol, const Parameters& parameters) {
  try {
    (void)fleet.run(protocol, parameters);
  } catch (const RunError& error) {
    return error.what();
  }
  return "it came to its end";
}

TEST(RunsWithoutProgress, EndWithTheReasonWhenNobodyComes) {
  auto fleet = computing({10, 10});
  fleet.presence = [](std::uint32_t, SimTime at) {
    const SimTime leaves{15 * second};
    return at < leaves ? sim::Presence{.there = true, .until = leaves}
                       : sim::Presence{.there = false, .until = SimTime::never()};
  };
  const auto reason = why_it_stops(fleet, "synchronous", rounds_of(3, 2));
  EXPECT_NE(reason.find("after 2 rounds"), std::string::npos) << reason;
  EXPECT_NE(reason.find("nobody will be there again"), std::string::npos) << reason;
}

TEST(RunsWithoutProgress, EndWithTheReasonWhenEverybodyFails) {
  auto fleet = computing({10, 10, 10});
  fleet.course = [](const Participation&, SimTime) {
    return clients::Course{.compute = Seconds{10}, .stops = Seconds{5}};
  };
  auto parameters = rounds_of(3, 2);
  parameters["buffer"] = 2.0;
  const auto reason = why_it_stops(fleet, "buffered", parameters);
  EXPECT_NE(reason.find("crashed"), std::string::npos) << reason;
  EXPECT_EQ(reason.find("returned"), std::string::npos) << reason;
}

}  // namespace
}  // namespace edgefuse::app
