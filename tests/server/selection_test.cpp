#include "server/selection/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/error.hpp"
#include "tests/server/selection_requests.hpp"

namespace edgefuse::server {
namespace {

using testing::Clients;
using testing::request_among;
using testing::request_for;
using testing::selected;
using testing::took_part;

const Clients ten = {4, 6, 9, 15, 31, 32, 53, 58, 92, 97};

TEST(Selections, SayWhichGoByLosses) {
  const auto registry = selections();
  for (const auto& method : registry.methods())
    EXPECT_EQ(registry.make(method.name)->needs_losses(), method.name == "oort" || method.name == "power-of-choice")
        << method.name;
}

TEST(Selections, DocumentEveryParameter) {
  const auto registry = selections();
  for (const auto& method : registry.methods()) {
    EXPECT_FALSE(method.summary.empty()) << method.name;
    for (const auto& parameter : method.parameters)
      EXPECT_FALSE(parameter.meaning.empty()) << method.name << "." << parameter.name;
  }
}

TEST(Selections, RefuseADeadlineOfZero) {
  EXPECT_THROW((void)selections().make("deadline-aware", {{"deadline", 0.0}}), InputError);
}

TEST(UniformSelection, DependsOnInvitationAndSeed) {
  std::set<Clients> by_invitation;
  std::set<Clients> by_seed;
  for (std::uint32_t i = 1; i <= 20; ++i) {
    auto request = request_among(ten, 100, 5, i);
    by_invitation.insert(selected("uniform", request));
    request = request_among(ten, 100, 5);
    request.seed = i;
    by_seed.insert(selected("uniform", request));
  }
  EXPECT_GT(by_invitation.size(), 15U) << "20 draws of 252 subsets";
  EXPECT_GT(by_seed.size(), 15U);
}

TEST(RoundRobin, GoesRoundInOrderOfId) {
  History history;
  std::vector<Clients> invitations;
  for (std::uint32_t i = 1; i <= 10; ++i) {
    invitations.push_back(selected("round-robin", request_for(5, 2, i, &history)));
    for (const auto client : invitations.back())
      history.started(client, i);
  }
  const std::vector<Clients> once = {{0, 1}, {2, 3}, {0, 4}, {1, 2}, {3, 4}};
  for (std::size_t i = 0; i < invitations.size(); ++i)
    EXPECT_EQ(invitations[i], once[i % once.size()]) << "invitation " << i + 1;
}

TEST(RoundRobin, TakesAClientThatWasAwayAsSoonAsItIsBack) {
  History history;
  for (const auto client : {0U, 2U, 3U})
    history.started(client, 1);
  history.started(0, 2);
  EXPECT_EQ(selected("round-robin", request_for(4, 1, 3, &history)), Clients{1});
  EXPECT_EQ(selected("round-robin", request_among({0, 2, 3}, 4, 2, 3, &history)), (Clients{2, 3}));
}

/// 20 clients in 7, 7 and 6: the exact shares of 8 places are 2.8, 2.8 and 2.4.
TEST(Stratified, GivesPlacesByLargestRemainders) {
  for (std::uint32_t invitation = 1; invitation <= 20; ++invitation) {
    std::vector<int> places(3, 0);
    for (const auto client : selected("stratified", request_for(20, 8, invitation)))
      ++places[client % 3];
    EXPECT_EQ(places, (std::vector<int>{3, 3, 2})) << "invitation " << invitation;
  }
}

/// Of the clients of class 0 one is eligible, of class 1 four, of class 2 none: the shares of 3 places are 0.6 and 2.4.
TEST(Stratified, CountsOnlyTheEligible) {
  const Clients eligible = {0, 1, 4, 7, 10};
  for (std::uint32_t invitation = 1; invitation <= 20; ++invitation) {
    const auto chosen = selected("stratified", request_among(eligible, 12, 3, invitation));
    ASSERT_EQ(chosen.size(), 3U);
    EXPECT_EQ(chosen.front(), 0U) << "invitation " << invitation;
  }
}

TEST(DeadlineAware, TakesOnlyThoseThatWouldBeDone) {
  auto request = request_for(20, 4);
  std::set<std::uint32_t> ever;
  for (request.invitation = 1; request.invitation <= 60; ++request.invitation) {
    const auto chosen = selected("deadline-aware", request, {{"deadline", 7.0}});
    EXPECT_EQ(chosen.size(), 4U);
    ever.insert(chosen.begin(), chosen.end());
  }
  EXPECT_EQ(ever, (std::set<std::uint32_t>{0, 1, 2, 3, 4, 5, 6})) << "client c takes c + 1 seconds";
  EXPECT_EQ(selected("deadline-aware", request, {{"deadline", 3.0}}), (Clients{0, 1, 2})) << "no more are there";
  EXPECT_EQ(selected("deadline-aware", request, {{"deadline", 0.5}}), Clients{});
}

TEST(DeadlineAware, AsksNoMoreThanItMay) {
  std::set<std::uint32_t> asked;
  auto request = request_for(200, 4);
  request.predicted = [&](std::uint32_t client) {
    asked.insert(client);
    return Seconds{client % 2 == 0 ? 1.0 : 1000.0};
  };
  const auto chosen = selected("deadline-aware", request, {{"draws", 3.0}});
  EXPECT_EQ(asked.size(), 12U);
  EXPECT_LE(chosen.size(), 4U);
  for (const auto client : chosen)
    EXPECT_TRUE(asked.contains(client) && client % 2 == 0) << client;
}

TEST(ByAvailability, FollowsTheRuleOfSuccession) {
  History history;
  for (int i = 1; i <= 8; ++i) {
    took_part(history, 0, i, 1, 1, 1);  // 9 / 10
    history.started(1, i);              // 1 / 10
  }
  int times = 0;
  constexpr int invitations = 4000;
  for (std::uint32_t i = 1; i <= invitations; ++i)
    times += selected("by-availability", request_for(2, 1, i, &history)) == Clients{0} ? 1 : 0;
  EXPECT_NEAR(times, 0.9 * invitations, 5 * 19) << "standard deviation sqrt(4000 * 0.9 * 0.1)";
}

TEST(PowerOfChoice, TakesTheHighestLossesAndTheUnknownFirst) {
  History history;
  const std::vector<double> losses = {2.5, 0.5, 3.5, 1.5, 3.0};
  for (std::uint32_t client = 0; client < losses.size(); ++client)
    took_part(history, client, 1, 1, 10, losses[client]);
  const Parameters all{{"factor", 10.0}};
  EXPECT_EQ(selected("power-of-choice", request_for(5, 2, 2, &history), all), (Clients{2, 4}));
  EXPECT_EQ(selected("power-of-choice", request_for(6, 2, 2, &history), all), (Clients{2, 5})) << "5 is unknown";
  history.started(6, 2);
  EXPECT_EQ(selected("power-of-choice", request_for(7, 2, 3, &history), all), (Clients{5, 6})) << "6 never returned";
  took_part(history, 2, 3, 1, 10, 0.1);
  EXPECT_EQ(selected("power-of-choice", request_for(5, 2, 4, &history), all), (Clients{0, 4})) << "the last one counts";
}

TEST(PowerOfChoice, IsUniformWhenNobodyIsKnown) {
  std::set<std::uint32_t> ever;
  for (std::uint32_t i = 1; i <= 100; ++i)
    for (const auto client : selected("power-of-choice", request_for(12, 2, i), {{"factor", 6.0}}))
      ever.insert(client);
  EXPECT_EQ(ever.size(), 12U) << "equal losses are told apart at random";
}

TEST(History, KeepsTheLastFusedUpdateAndCountsTheRest) {
  History history;
  EXPECT_EQ(history.find(7), nullptr);
  took_part(history, 7, 3, 12.5, 40, 2.0);
  history.started(7, 5);
  const auto* record = history.find(7);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->started, 2);
  EXPECT_EQ(record->returned, 1);
  EXPECT_EQ(record->last_start, 5);
  EXPECT_EQ(record->took, Seconds{12.5});
  EXPECT_EQ(record->examples, 40);
  EXPECT_EQ(record->loss, 2.0);
  history.returned(7, Seconds{10}, 30, std::nullopt);
  EXPECT_EQ(record->loss, std::nullopt);
  EXPECT_EQ(history.starts(), 2);
}

TEST(HistoryDeathTest, RefusesAnUpdateOfAParticipationThatNeverBegan) {
  History history;
  history.started(1, 1);
  EXPECT_DEATH(history.returned(2, Seconds{1}, 1, 1.0), "participation that was begun");
}

}  // namespace
}  // namespace edgefuse::server
