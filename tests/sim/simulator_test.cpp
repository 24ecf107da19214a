#include "sim/simulator.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sim/error.hpp"

namespace edgefuse::sim {
namespace {

enum class Kind : std::uint8_t { start, work, done };

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::start:
      return "start";
    case Kind::work:
      return "work";
    case Kind::done:
      return "done";
  }
  return "";
}

using Seen = std::tuple<std::int64_t, std::uint32_t, Kind>;

std::vector<Seen> run(Simulator<Kind>& simulator) {
  std::vector<Seen> seen;
  simulator.run([&](const Event& event, Kind kind) {
    EXPECT_EQ(simulator.now(), event.time);
    seen.emplace_back(event.time.nanoseconds, event.actor, kind);
  });
  return seen;
}

TEST(Simulator, HandlesEventsInTheOrderOfTimeThenPhaseThenActorThenSequence) {
  Simulator<Kind> simulator{4};
  simulator.schedule(SimTime{20}, Phase::completion, 0, Kind::done);
  simulator.schedule(SimTime{10}, Phase::server, 0, Kind::start);
  simulator.schedule(SimTime{10}, Phase::client, 3, Kind::work);
  simulator.schedule(SimTime{10}, Phase::client, 1, Kind::work);
  simulator.schedule(SimTime{10}, Phase::client, 1, Kind::done);
  EXPECT_EQ(
      run(simulator),
      (std::vector<Seen>{
          {10, 1, Kind::work}, {10, 1, Kind::done}, {10, 3, Kind::work}, {10, 0, Kind::start}, {20, 0, Kind::done}}));
  EXPECT_EQ(simulator.counts().handled, 5u);
  EXPECT_EQ(simulator.counts().most_pending, 5u);
}

TEST(Simulator, DropsTheEventsOfACancelledActorAndKeepsWhatItSchedulesLater) {
  Simulator<Kind> simulator{2};
  simulator.schedule(SimTime{10}, Phase::client, 0, Kind::work);
  simulator.schedule(SimTime{10}, Phase::client, 1, Kind::work);
  simulator.cancel(0);
  simulator.schedule(SimTime{5}, Phase::client, 0, Kind::start);
  EXPECT_EQ(run(simulator), (std::vector<Seen>{{5, 0, Kind::start}, {10, 1, Kind::work}}));
  EXPECT_EQ(simulator.counts().stale, 1u);
}

TEST(Simulator, AStaleEventDoesNotMoveTheClock) {
  Simulator<Kind> simulator{1};
  simulator.schedule(SimTime{10}, Phase::client, 0, Kind::work);
  simulator.cancel(0);
  EXPECT_TRUE(run(simulator).empty());
  EXPECT_EQ(simulator.now(), SimTime{0});
}

TEST(Simulator, StopsOnRequestAndGoesOnFromThere) {
  Simulator<Kind> simulator{1};
  for (int i = 1; i <= 4; ++i)
    simulator.schedule(SimTime{i}, Phase::client, 0, Kind::work);
  int handled = 0;
  const auto two_at_a_time = [&](const Event&, Kind) {
    if (++handled % 2 == 0) simulator.stop();
  };
  simulator.run(two_at_a_time);
  EXPECT_EQ(handled, 2);
  EXPECT_EQ(simulator.now(), SimTime{2});
  EXPECT_EQ(simulator.pending(), 2u);
  simulator.run(two_at_a_time);
  EXPECT_EQ(handled, 4);
}

TEST(Simulator, NamesTheActorThatKeepsTimeFromPassing) {
  Simulator<Kind> simulator{3};
  simulator.schedule(SimTime{1'500'000'000}, Phase::client, 2, Kind::work);
  try {
    simulator.run(
        [&](const Event& event, Kind kind) { simulator.schedule(event.time, event.phase, event.actor, kind); });
    FAIL() << "the cascade was not noticed";
  } catch (const RunError& error) {
    EXPECT_EQ(std::string{error.what()},
              "virtual time stands still at 1.5 s: more than 1048 events were handled there, and those of actor 2 go "
              "on, the last of kind \"work\"");
  }
}

TEST(Simulator, LetsAWholeFleetActAtOneInstant) {
  constexpr std::uint32_t clients = 5000;
  Simulator<Kind> simulator{clients + 1};
  for (std::uint32_t i = 0; i < clients; ++i) {
    simulator.schedule(SimTime{1}, Phase::client, i, Kind::work);
    simulator.schedule(SimTime{1}, Phase::server, clients, Kind::done);
  }
  EXPECT_EQ(run(simulator).size(), 2u * clients);
}

TEST(SimulatorDeathTest, RefusesThePastAndUnknownActors) {
  Simulator<Kind> simulator{1};
  EXPECT_DEATH(simulator.schedule(SimTime{-1}, Phase::client, 0, Kind::work), "nothing is scheduled in the past");
  EXPECT_DEATH(simulator.schedule(SimTime{1}, Phase::client, 1, Kind::work), "one of the simulator's actors");
  simulator.schedule(SimTime{3}, Phase::server, 0, Kind::work);
  EXPECT_DEATH(simulator.run([&](const Event&, Kind) { simulator.schedule(SimTime{3}, Phase::client, 0, Kind::work); }),
               "nothing is scheduled in the past");
}

}  // namespace
}  // namespace edgefuse::sim
