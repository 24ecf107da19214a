#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "clients/policy/allocation.hpp"
#include "clients/policy/shares.hpp"
#include "sim/random.hpp"

// The two blocks of the joint policy, one against every assignment, the other against its dual.

namespace edgefuse::clients {
namespace {

using Cohort = std::vector<std::vector<Option>>;

/// One to five clients with one to four options each; times that often coincide.
Cohort random_cohort(std::uint32_t number) {
  sim::Draws draws{{.seed = 9, .domain = sim::Domain::test, .round = number}};
  Cohort cohort(1 + draws.below(5));
  for (auto& options : cohort) {
    const auto most = 1 + draws.below(4);
    for (std::uint64_t i = 0; i < most; ++i) {
      const auto parameters = static_cast<std::int64_t>(1 + draws.below(10));
      options.push_back({.time = Seconds{1.0 + static_cast<double>(draws.below(12))},
                         .kept = static_cast<double>(parameters) / 10,
                         .size = {parameters, 1 + static_cast<std::int64_t>(draws.below(3))}});
    }
  }
  return cohort;
}

/// The best there is, by trying every assignment.
struct BruteForce {
  double latest = std::numeric_limits<double>::infinity();
  std::vector<std::vector<std::size_t>> assignments;  // all that are as early and keep enough

  BruteForce(const Cohort& cohort, double keep) {
    double most = 0;
    for_each(cohort, [&](const auto& options) { most = std::max(most, kept(cohort, options)); });
    for_each(cohort, [&](const auto& options) {
      if (kept(cohort, options) < std::min(keep, most) - 1e-12) return;
      double end = 0;
      for (std::size_t c = 0; c < cohort.size(); ++c)
        end = std::max(end, cohort[c][options[c]].time.value);
      if (end < latest) assignments.clear();
      latest = std::min(latest, end);
      if (end == latest) assignments.push_back(options);
    });
  }

  static double kept(const Cohort& cohort, const std::vector<std::size_t>& options) {
    double sum = 0;
    for (std::size_t c = 0; c < cohort.size(); ++c)
      sum += cohort[c][options[c]].kept;
    return sum / static_cast<double>(cohort.size());
  }

 private:
  template <class Visit>
  static void for_each(const Cohort& cohort, const Visit& visit) {
    std::vector<std::size_t> options(cohort.size());
    for (bool more = true; more;) {
      visit(options);
      more = false;
      for (std::size_t c = 0; c < cohort.size() && !more; ++c) {
        more = ++options[c] < cohort[c].size();
        if (!more) options[c] = 0;
      }
    }
  }
};

TEST(Allocation, IsAsEarlyAsTheBestOfAllAssignments) {
  for (std::uint32_t number = 0; number < 3000; ++number) {
    const auto cohort = random_cohort(number);
    const double keep = (number % 11) / 10.0;
    const auto found = allocate(cohort, keep);
    const BruteForce best{cohort, keep};
    ASSERT_EQ(found.latest.value, best.latest) << "cohort " << number << ", keep " << keep;
    ASSERT_NE(std::ranges::find(best.assignments, found.options), best.assignments.end())
        << "cohort " << number << ": what it says is not what it does";
  }
}

TEST(Allocation, GivesNobodyLessThanAnyOtherThatIsAsEarly) {
  for (std::uint32_t number = 0; number < 1000; ++number) {
    const auto cohort = random_cohort(number);
    const double keep = (number % 11) / 10.0;
    const auto found = allocate(cohort, keep);
    for (const auto& other : BruteForce{cohort, keep}.assignments)
      for (std::size_t c = 0; c < cohort.size(); ++c)
        ASSERT_GE(cohort[c][found.options[c]].size, cohort[c][other[c]].size)
            << "cohort " << number << ", client " << c;
  }
}

TEST(Allocation, OfNobodyIsNothing) {
  EXPECT_TRUE(allocate({}, 0.7).options.empty());
}

/// Two to six clients that need at least one of the server's two directions.
struct Network {
  std::vector<Demand> demands;
  sim::RateCaps server;

  explicit Network(std::uint32_t number) {
    sim::Draws draws{{.seed = 10, .domain = sim::Domain::test, .round = number}};
    const auto between = [&](double least, double most) { return least + (most - least) * draws.uniform(); };
    const auto clients = 2 + draws.below(5);
    double down = 0;
    double up = 0;
    for (std::uint64_t c = 0; c < clients; ++c) {
      demands.push_back({.down = Bytes{between(1e6, 9e7)},
                         .up = Bytes{between(1e4, 3e6)},
                         .rest = Seconds{between(1, 90)},
                         .link = {.up = BytesPerSecond{between(1e5, 2e6)}, .down = BytesPerSecond{between(1e6, 2e7)}}});
      down += demands.back().link.down.value;
      up += demands.back().link.up.value;
    }
    server.down = BytesPerSecond{down * (number % 3 == 0 ? 2 : between(0.1, 0.9))};
    server.up = BytesPerSecond{up * (number % 3 == 1 ? 2 : between(0.1, 0.9))};
  }

  /// What everybody has at most of these rates and of its own.
  [[nodiscard]] std::vector<sim::RateCaps> real(const std::vector<sim::RateCaps>& caps) const {
    std::vector<sim::RateCaps> rates;
    for (std::size_t c = 0; c < demands.size(); ++c) {
      const auto link = sim::capped(demands[c].link, caps[c]);
      rates.push_back({.up = link.up, .down = link.down});
    }
    return rates;
  }
  [[nodiscard]] bool carries(const std::vector<sim::RateCaps>& rates) const {
    double down = 0;
    double up = 0;
    for (const auto& r : rates) {
      down += r.down.value;
      up += r.up.value;
    }
    return down <= server.down.value * (1 + 1e-12) && up <= server.up.value * (1 + 1e-12);
  }
  [[nodiscard]] double latest(const std::vector<sim::RateCaps>& rates) const {
    double end = 0;
    for (std::size_t c = 0; c < demands.size(); ++c)
      end = std::max(end, demands[c].done(rates[c]).value);
    return end;
  }
};

std::vector<sim::RateCaps> fair(const Network& network) {
  std::vector<sim::Link> links;
  for (const auto& demand : network.demands)
    links.push_back(demand.link);
  return fair_shares(links, network.server);
}

TEST(Shares, AreWithinWhatTheServerAndEverybodysOwnLinkCarry) {
  for (std::uint32_t number = 0; number < 500; ++number) {
    const Network network{number};
    EXPECT_TRUE(network.carries(fair(network))) << "network " << number;
    EXPECT_TRUE(network.carries(network.real(equal_finish(network.demands, network.server)))) << "network " << number;
  }
}

TEST(Shares, AreFairWhenTheyAreMaxMin) {
  for (std::uint32_t number = 0; number < 200; ++number) {
    const Network network{number};
    const auto shares = fair(network);
    double most = 0;
    double sum = 0;
    for (const auto& share : shares) {
      most = std::max(most, share.down.value);
      sum += share.down.value;
    }
    for (std::size_t c = 0; c < shares.size(); ++c)
      EXPECT_TRUE(shares[c].down == network.demands[c].link.down || std::abs(shares[c].down.value - most) < 1e-9 * most)
          << "network " << number << ", client " << c << " has neither its own rate nor as much as anybody";
    if (number % 3 != 0) {
      EXPECT_NEAR(sum, network.server.down.value, 1e-9 * sum) << "all of a scarce link is given";
    }
  }
}

TEST(Shares, LetEverybodyFinishAtOnce) {
  int bettered = 0;
  for (std::uint32_t number = 0; number < 500; ++number) {
    const Network network{number};
    const auto rates = network.real(equal_finish(network.demands, network.server));
    const double latest = network.latest(rates);
    EXPECT_LE(latest, network.latest(fair(network)) * (1 + 1e-12)) << "network " << number;
    if (latest > network.latest(fair(network)) * (1 - 1e-6)) continue;
    ++bettered;
    for (std::size_t c = 0; c < rates.size(); ++c)
      EXPECT_NEAR(network.demands[c].done(rates[c]).value, latest, 1e-6 * latest)
          << "network " << number << ", client " << c;
  }
  EXPECT_GT(bettered, 400) << "else the test says little";
}

/// The least of a function that falls and then rises, by golden sections.
template <class Function>
double least(const Function& f, double low, double high) {
  const double part = (std::sqrt(5.0) - 1) / 2;
  for (int i = 0; i < 90; ++i) {
    const double a = high - part * (high - low);
    const double b = low + part * (high - low);
    (f(a) < f(b) ? high : low) = f(a) < f(b) ? b : a;
  }
  return f((low + high) / 2);
}

/// How much more than it has the server's link would have to carry, at the least, for everybody to be done by then, if
/// a byte/s up counts as `price` of down: above 0 at any price, nobody can do it (weak duality).
double lacking(const Network& network, double by, double price) {
  double needed = 0;
  for (const auto& demand : network.demands) {
    const double tau = by - demand.rest.value;
    const auto rates = [&](double x) { return x + price * demand.up.value / (tau - demand.down.value / x); };
    needed += least(rates, demand.down.value / (tau - demand.up / demand.link.up / Seconds{1}), demand.link.down.value);
  }
  return needed - network.server.down.value - price * network.server.up.value;
}

TEST(Shares, AreAsEarlyAsDualityAllows) {
  int judged = 0;
  for (std::uint32_t number = 0; number < 500; ++number) {
    const Network network{number};
    const double found = network.latest(network.real(equal_finish(network.demands, network.server)));
    std::vector<sim::RateCaps> own(network.demands.size());
    if (found <= network.latest(network.real(own)) * (1 + 1e-6)) continue;  // the last is held up by its own link
    const double earlier = found * (1 - 1e-6);
    const double most =
        -least([&](double log) { return -lacking(network, earlier, std::exp(log)) / (1 + std::exp(log)); },
               std::log(1e-12), std::log(1e12));
    ++judged;
    EXPECT_GT(most, 0) << "network " << number << " might be done earlier than after " << found << " s";
  }
  EXPECT_GT(judged, 150) << "else the test says little";
}

TEST(Shares, OfAlikeClientsAreAlikeAndInClosedForm) {
  // Three clients of 10 MB down and 1 MB up on links of 10 and 1 MB/s, and a server's uplink of 0.6 MB/s: 0.2 MB/s
  // each.
  const std::vector<Demand> alike(3, {.down = Bytes{1e7},
                                      .up = Bytes{1e6},
                                      .rest = Seconds{7},
                                      .link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{1e7}}});
  const auto shares = equal_finish(alike, {.up = BytesPerSecond{6e5}, .down = BytesPerSecond{1e9}});
  for (const auto& share : shares) {
    EXPECT_NEAR(share.up.value, 2e5, 1);
    EXPECT_TRUE(std::isinf(share.down.value)) << "nothing is gained by holding back a link that has room";
  }
}

TEST(Shares, GiveMoreToWhoComputesLonger) {
  // Σ u / (T - rest) = U: at T = 20 s, 1 MB in 15 s and 1 MB in 5 s are 66.7 and 200 kB/s.
  std::vector<Demand> two(2, {.down = Bytes{1},
                              .up = Bytes{1e6},
                              .rest = Seconds{5},
                              .link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{1e12}}});
  two[1].rest = Seconds{15};
  const auto shares = equal_finish(two, {.up = BytesPerSecond{1e6 / 15 + 1e6 / 5}, .down = BytesPerSecond{1e15}});
  EXPECT_NEAR(shares[0].up.value, 1e6 / 15, 1);
  EXPECT_NEAR(shares[1].up.value, 1e6 / 5, 1);
}

TEST(Shares, AreNoCapsWhereEverybodysOwnRateFindsRoom) {
  const std::vector<Demand> one{{.down = Bytes{1e7},
                                 .up = Bytes{1e6},
                                 .rest = Seconds{7},
                                 .link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{1e7}}}};
  EXPECT_EQ(equal_finish(one, {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{1e7}}).front(), sim::RateCaps{});
}

}  // namespace
}  // namespace edgefuse::clients
