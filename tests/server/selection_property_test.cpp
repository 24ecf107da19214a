#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/random.hpp"
#include "tests/server/selection_requests.hpp"

namespace edgefuse::server {
namespace {

using testing::Clients;
using testing::request_among;
using testing::request_for;
using testing::selected;

struct World {
  std::uint32_t population = 0;
  std::uint32_t count = 0;
  std::uint32_t invitation = 0;
  Clients eligible;
  History history;
};

/// Populations of 1 to 400, from nobody to everybody eligible, from none to more than everybody wanted, with a past.
World random_world(std::uint32_t number) {
  sim::Draws draws{{.seed = 5, .domain = sim::Domain::test, .round = number}};
  World world;
  world.population = 1 + static_cast<std::uint32_t>(draws.below(400));
  world.count = static_cast<std::uint32_t>(draws.below(number % 2 == 0 ? 12 : world.population + 20));
  world.invitation = 1 + static_cast<std::uint32_t>(draws.below(60));
  const double share = number % 5 == 0 ? 1 : draws.uniform() * 1.1 - 0.05;
  for (std::uint32_t client = 0; client < world.population; ++client)
    if (draws.uniform() < share) world.eligible.push_back(client);
  for (std::uint32_t past = 1; past < world.invitation; ++past) {
    const auto client = static_cast<std::uint32_t>(draws.below(world.population));
    world.history.started(client, past);
    if (draws.uniform() < 0.7)
      world.history.returned(client, Seconds{draws.uniform() * 50}, 1 + static_cast<std::int64_t>(draws.below(90)),
                             draws.uniform() < 0.9 ? std::optional{draws.uniform() * 4} : std::nullopt);
  }
  return world;
}

SelectionRequest request_in(const World& world) {
  auto request = request_among(world.eligible, world.population, world.count, world.invitation, &world.history);
  // Some of the clients hold no variant.
  request.predicted = [](std::uint32_t client) {
    return Seconds{client % 7 == 3 ? std::numeric_limits<double>::infinity() : 1.0 + client};
  };
  return request;
}

void expect_contract(const std::string& method, const World& world, const Clients& chosen) {
  EXPECT_TRUE(std::ranges::is_sorted(chosen));
  EXPECT_EQ(std::ranges::adjacent_find(chosen), chosen.end()) << "a client is chosen twice";
  EXPECT_TRUE(std::ranges::includes(world.eligible, chosen)) << "a client is chosen that is not eligible";
  if (method == "poisson") return;
  auto candidates = world.eligible;
  if (method == "deadline-aware") std::erase_if(candidates, [](std::uint32_t c) { return c % 7 == 3 || c >= 180; });
  EXPECT_EQ(chosen.size(), std::min<std::size_t>(world.count, candidates.size()));
}

TEST(SelectionProperty, EveryMethodKeepsTheContract) {
  const auto registry = selections();
  for (const auto& method : registry.methods()) {
    for (std::uint32_t number = 0; number < 300; ++number) {
      SCOPED_TRACE(method.name + " in world " + std::to_string(number));
      const auto world = random_world(number);
      const auto chosen = selected(method.name, request_in(world));
      expect_contract(method.name, world, chosen);
      EXPECT_EQ(chosen, selected(method.name, request_in(world))) << "not a pure function of the request";
    }
  }
}

TEST(SelectionProperty, EveryMethodDoesWithoutAPast) {
  const auto registry = selections();
  for (const auto& method : registry.methods()) {
    SCOPED_TRACE(method.name);
    const auto world = random_world(7);
    auto request = request_in(world);
    const History empty;
    request.history = &empty;
    const auto chosen = selected(method.name, request);
    expect_contract(method.name, world, chosen);
    request.history = nullptr;
    EXPECT_EQ(chosen, selected(method.name, request)) << "nothing known and nothing seen are the same";
  }
}

/// Its definition, in a population where few are asked twice and where many are.
TEST(SelectionProperty, UniformTakesTheFirstDistinctClientsOfItsStream) {
  for (const auto& [population, count] : {std::pair{1000U, 4U}, std::pair{61U, 29U}}) {
    sim::Draws draws{{.seed = 1, .domain = sim::Domain::selection, .round = 9}};
    std::set<std::uint32_t> first;
    while (first.size() < count)
      first.insert(static_cast<std::uint32_t>(draws.below(population)));
    EXPECT_EQ(selected("uniform", request_for(population, count, 9)), Clients(first.begin(), first.end()))
        << count << " of " << population;
  }
}

/// How many of `number` invitations chose each client, against binomial counts, at five standard deviations.
void expect_fair(const std::string& method, SelectionRequest request, const Clients& eligible,
                 const Parameters& parameters = {}) {
  constexpr std::uint32_t number = 4000;
  std::map<std::uint32_t, int> times;
  for (request.invitation = 1; request.invitation <= number; ++request.invitation)
    for (const auto client : selected(method, request, parameters))
      ++times[client];
  const double p = static_cast<double>(request.count) / static_cast<double>(eligible.size());
  for (const auto client : eligible)
    EXPECT_NEAR(times[client], number * p, 5 * std::sqrt(number * p * (1 - p))) << method << ", client " << client;
}

TEST(SelectionProperty, UniformIsFairWhicheverWayItGoes) {
  Clients everybody(50);
  for (std::uint32_t client = 0; client < 50; ++client)
    everybody[client] = client;
  expect_fair("uniform", request_for(50, 3), everybody);
  expect_fair("uniform", request_for(50, 24), everybody);
  expect_fair("uniform", request_for(50, 40), everybody);
  const Clients few = {4, 6, 9, 15, 31, 32, 53, 58, 92, 97};
  expect_fair("uniform", request_among(few, 100, 3), few);
  expect_fair("uniform", request_among(few, 1000, 9), few);  // most invitations end in a look through everybody
}

TEST(SelectionProperty, MethodsThatKnowNothingAreFair) {
  const Clients eligible = {1, 2, 3, 5, 8, 13, 21, 34, 55};
  const auto request = request_among(eligible, 60, 2);
  expect_fair("by-availability", request, eligible);
  expect_fair("power-of-choice", request, eligible);
  expect_fair("deadline-aware", request, eligible);
  expect_fair("deadline-aware", request, eligible, {{"draws", 2.0}});
  auto alike = request;
  alike.predicted = [](std::uint32_t) { return Seconds{3}; };
  expect_fair("oort", alike, eligible);
}

/// Every pair of 6 clients must come equally often, too: 15 pairs, 400 times each of 6000.
TEST(SelectionProperty, UniformDrawsEverySubsetAlike) {
  std::map<Clients, int> times;
  const Clients six = {0, 3, 4, 9, 10, 13};
  for (std::uint32_t i = 1; i <= 6000; ++i)
    ++times[selected("uniform", request_among(six, 15, 2, i))];
  EXPECT_EQ(times.size(), 15U);
  for (const auto& [pair, number] : times)
    EXPECT_NEAR(number, 400, 5 * 19.4) << pair[0] << " and " << pair[1];
}

/// 300 of 400 are eligible, each with probability 20 / 400: binomial, mean 15, variance 14.25.
TEST(SelectionProperty, PoissonCountsAreBinomial) {
  Clients eligible;
  for (std::uint32_t client = 0; client < 400; ++client)
    if (client % 4 != 1) eligible.push_back(client);
  constexpr int invitations = 4000;
  double sum = 0;
  double squares = 0;
  std::map<std::uint32_t, int> times;
  for (std::uint32_t i = 1; i <= invitations; ++i) {
    const auto chosen = selected("poisson", request_among(eligible, 400, 20, i));
    const auto n = static_cast<double>(chosen.size());
    sum += n;
    squares += n * n;
    for (const auto client : chosen)
      ++times[client];
  }
  const double mean = sum / invitations;
  EXPECT_NEAR(mean, 15, 5 * std::sqrt(14.25 / invitations));
  // The variance of a sample variance is about 2 sigma^4 / n.
  EXPECT_NEAR(squares / invitations - mean * mean, 14.25, 5 * 14.25 * std::sqrt(2.0 / invitations));
  for (const auto client : eligible)
    EXPECT_NEAR(times[client], 200, 5 * 13.8) << "client " << client;
}

TEST(SelectionProperty, PoissonMayChooseNobodyOrMoreThanWanted) {
  std::size_t fewest = 100;
  std::size_t most = 0;
  for (std::uint32_t i = 1; i <= 200; ++i) {
    const auto n = selected("poisson", request_for(90, 2, i)).size();
    fewest = std::min(fewest, n);
    most = std::max(most, n);
  }
  EXPECT_EQ(fewest, 0U);
  EXPECT_GT(most, 4U);
}

TEST(SelectionProperty, StratifiedIsFairWithinItsClasses) {
  Clients eligible;
  for (std::uint32_t client = 0; client < 30; ++client)
    eligible.push_back(client);
  expect_fair("stratified", request_for(30, 6), eligible);  // 10 of each class, 2 places each
}

/// While everybody is there, no client is ever two starts ahead of another.
TEST(SelectionProperty, RoundRobinLeavesNobodyBehind) {
  History history;
  for (std::uint32_t i = 1; i <= 200; ++i) {
    for (const auto client : selected("round-robin", request_for(23, 1 + i % 5, i, &history)))
      history.started(client, i);
    std::int64_t fewest = 1000;
    std::int64_t most = 0;
    for (std::uint32_t client = 0; client < 23; ++client) {
      const auto* record = history.find(client);
      fewest = std::min(fewest, record != nullptr ? record->started : 0);
      most = std::max(most, record != nullptr ? record->started : 0);
    }
    ASSERT_LE(most - fewest, 1) << "after invitation " << i;
  }
}

}  // namespace
}  // namespace edgefuse::server
