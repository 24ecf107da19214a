#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "tests/server/selection_requests.hpp"

namespace edgefuse::server {
namespace {

using testing::Clients;
using testing::request_for;
using testing::selected;
using testing::took_part;

/// Nothing explored while something is known, no clip, no time preferred: what a case is not about.
Parameters plain(Parameters changes = {}) {
  changes.insert({{"exploration", 0.0}, {"exploration_floor", 0.0}, {"clip", 1.0}, {"pacer", 1.0}, {"cutoff", 1.0}});
  return changes;
}

TEST(Oort, TakesTheLargestProductsOfExamplesAndLoss) {
  History history;
  took_part(history, 0, 1, 1, 10, 3.0);  // 30
  took_part(history, 1, 1, 1, 40, 1.0);  // 40
  took_part(history, 2, 1, 1, 5, 4.0);   // 20
  took_part(history, 3, 1, 1, 25, 2.0);  // 50
  EXPECT_EQ(selected("oort", request_for(4, 2, 1, &history), plain()), (Clients{1, 3}));
}

/// At invitation 100 the bonus is sqrt(0.1 ln 100 / 1) = 0.68 for client 0 and sqrt(0.1 ln 100 / 99) = 0.07 for
/// client 1, whose usefulness, in units of the largest, is 1 against 0.5: 1.18 against 1.07.
TEST(Oort, PrefersAClientNotHeardOfForLong) {
  History history;
  took_part(history, 0, 1, 1, 10, 1.0);
  took_part(history, 1, 99, 1, 10, 2.0);
  EXPECT_EQ(selected("oort", request_for(2, 1, 100, &history), plain()), Clients{0});
  EXPECT_EQ(selected("oort", request_for(2, 1, 1, &history), plain()), Clients{1}) << "ln 1 = 0";
}

/// The median of 1, 2, 4 and 8 s at place floor(0.5 * 4) is 4 s; client 3 pays (4 / 8)^2: 100 / 4 = 25.
TEST(Oort, PenalisesClientsSlowerThanTheQuantileOfTimesSeen) {
  History history;
  took_part(history, 0, 1, 1, 20, 1.0);
  took_part(history, 1, 1, 2, 30, 1.0);
  took_part(history, 2, 1, 4, 40, 1.0);
  took_part(history, 3, 1, 8, 100, 1.0);
  const auto with = [&](double alpha, std::uint32_t invitation = 1) {
    return selected("oort", request_for(4, 2, invitation, &history),
                    plain({{"pacer", 0.5}, {"pacer_step", 0.5}, {"alpha", alpha}}));
  };
  EXPECT_EQ(with(2), (Clients{1, 2}));
  EXPECT_EQ(with(1), (Clients{2, 3})) << "100 / 2 = 50";
  EXPECT_EQ(with(2, 20), (Clients{1, 2})) << "the first window has 20 invitations";
  EXPECT_EQ(with(2, 21), (Clients{2, 3})) << "0.5 + 0.5: no time is preferred any more";
}

/// With 20 clients the 95th percentile is the one at place 19, the largest; at 0.5 it is the one at place 10.
TEST(Oort, ClipsUsefulnessSoThatAnOutlierIsOneOfMany) {
  History history;
  for (std::uint32_t client = 0; client < 20; ++client)
    took_part(history, client, 1, 1, client == 4 ? 1'000'000 : client + 1, 1.0);
  std::map<std::uint32_t, int> times;
  for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
    auto request = request_for(20, 1, 1, &history);
    request.seed = seed;
    for (const auto client : selected("oort", request, plain({{"clip", 0.5}})))
      ++times[client];
  }
  ASSERT_EQ(times.size(), 10U) << "the outlier and what is at least the eleventh, all at the cut-off";
  for (const auto& [client, number] : times)
    EXPECT_NEAR(number, 100, 5 * 9.5) << "client " << client;
}

/// Utilities 1, 0.8, 0.5; the cut-off 0.6 of the first admits the second, which is drawn with probability 0.8 / 1.8.
TEST(Oort, DrawsByUtilityAboveTheCutOff) {
  History history;
  took_part(history, 0, 1, 1, 10, 1.0);
  took_part(history, 1, 1, 1, 8, 1.0);
  took_part(history, 2, 1, 1, 5, 1.0);
  std::map<std::uint32_t, int> times;
  for (std::uint32_t seed = 1; seed <= 4000; ++seed) {
    auto request = request_for(3, 1, 1, &history);
    request.seed = seed;
    ++times[selected("oort", request, plain({{"cutoff", 0.6}})).front()];
  }
  EXPECT_EQ(times[2], 0);
  EXPECT_NEAR(times[1], 4000 * 0.8 / 1.8, 5 * 31.4);
}

/// The first 5 of 10 clients are known. Of 4 places the floor 0.25 leaves one to explore; with a decay of 0.5 the
/// second invitation explores 0.5 of them.
TEST(Oort, ExploresAShareThatDecaysToItsFloor) {
  History history;
  for (std::uint32_t client = 0; client < 5; ++client)
    took_part(history, client, 1, 1, 10, 1.0);
  const Parameters decaying = plain({{"exploration", 1.0}, {"exploration_decay", 0.5}, {"exploration_floor", 0.25}});
  const std::map<std::uint32_t, int> expected = {{1, 4}, {2, 2}, {3, 1}, {9, 1}};
  for (const auto& [invitation, unknown] : expected) {
    const auto chosen = selected("oort", request_for(10, 4, invitation, &history), decaying);
    EXPECT_EQ(chosen.size(), 4U);
    EXPECT_EQ(std::ranges::count_if(chosen, [](std::uint32_t c) { return c >= 5; }), unknown)
        << "invitation " << invitation;
  }
}

TEST(Oort, ExploresOnePlaceAtATimeInTheLongRunToo) {
  History history;
  took_part(history, 0, 1, 1, 10, 1.0);
  int known = 0;
  for (std::uint32_t invitation = 1; invitation <= 1000; ++invitation)
    known += selected("oort", request_for(6, 1, invitation, &history),
                      plain({{"exploration", 0.25}, {"exploration_decay", 1.0}})) == Clients{0}
                 ? 1
                 : 0;
  EXPECT_NEAR(known, 750, 5 * 13.7);
}

/// Client c takes c + 1 seconds; of two unknown ones, 1 s and 9 s, the first is drawn with probability 0.9.
TEST(Oort, ExploresTheFasterRather) {
  int fast = 0;
  auto request = request_for(9, 1);
  request.eligible = [](std::uint32_t client) { return client == 0 || client == 8; };
  for (request.invitation = 1; request.invitation <= 2000; ++request.invitation)
    fast += selected("oort", request) == Clients{0} ? 1 : 0;
  EXPECT_NEAR(fast, 1800, 5 * 13.4);
}

TEST(Oort, FillsThePlacesOfUnknownClientsThatAreNotThere) {
  History history;
  for (std::uint32_t client = 0; client < 6; ++client)
    took_part(history, client, 1, 1, 10 + client, 1.0);
  EXPECT_EQ(selected("oort", request_for(6, 4, 1, &history), plain({{"exploration", 1.0}})), (Clients{2, 3, 4, 5}));
}

}  // namespace
}  // namespace edgefuse::server
