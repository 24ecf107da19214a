#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/random.hpp"
#include "sim/shared_link.hpp"
#include "tests/sim/progressive_filling.hpp"

namespace edgefuse::sim {
namespace {

using testing::Change;
using testing::Net;
using testing::Outcome;

SharedLink link_of(const Net& net) {
  if (net.branches.empty()) return SharedLink{BytesPerSecond{net.capacity}};
  std::vector<BytesPerSecond> branches;
  for (const double branch : net.branches)
    branches.emplace_back(branch);
  return {BytesPerSecond{net.capacity}, branches};
}

/// What progressive filling is asked, asked of the link.
class OnTheLink {
 public:
  explicit OnTheLink(const Net& net) : link_{link_of(net)} {}

  Outcome run(const std::vector<Change>& changes) {
    for (auto next = changes.begin();;) {
      const auto end = link_.next_end();
      if (!end && next == changes.end()) return outcome_;
      if (end && (next == changes.end() || *end <= next->at)) {
        take_ended(*end);
      } else {
        take_ended(next->at);
        apply(*next++);
      }
    }
  }

 private:
  void take_ended(SimTime now) {
    for (const auto flow : link_.take_ended(now)) {
      outcome_.ends[flow] = now;
      running_.erase(flow);
    }
  }
  void apply(const Change& change) {
    if (change.kind == Change::Kind::start) {
      running_.insert(change.flow);
      link_.start(change.at, change.flow, Bytes{change.size}, BytesPerSecond{change.cap}, change.branch);
    } else if (!running_.contains(change.flow)) {
      return;
    } else if (change.kind == Change::Kind::cap) {
      link_.change_cap(change.at, change.flow, BytesPerSecond{change.cap});
    } else {
      outcome_.withdrawn[change.flow] = link_.withdraw(change.at, change.flow).value;
      running_.erase(change.flow);
    }
  }

  SharedLink link_;
  std::set<std::uint32_t> running_;
  Outcome outcome_;
};

/// Of no, one or several branches, wide and narrow.
Net random_net(Draws& draws) {
  Net net{.capacity = 1e6 * std::pow(10, 2 * draws.uniform()), .branches = {}};
  for (auto count = draws.below(6); count > 0; --count)
    net.branches.push_back(net.capacity * std::pow(10, -1.5 * draws.uniform()));
  return net;
}

constexpr double caps[] = {0, 2e5, 1e6, 3.3e6, 1.25e7};

double random_cap(Draws& draws, bool may_stall) {
  return caps[may_stall ? draws.below(std::size(caps)) : 1 + draws.below(std::size(caps) - 1)];
}

/// As many flows as said, each with up to two changes of its cap, and some withdrawn; in the order of time.
std::vector<Change> random_changes(Draws& draws, std::uint32_t flows, const Net& net) {
  std::vector<Change> changes;
  const auto some_time = [&] { return static_cast<std::int64_t>(-1e9 * std::log(draws.uniform())); };
  SimTime start{};
  for (std::uint32_t flow = 0; flow < flows; ++flow) {
    if (draws.below(4) > 0) start.nanoseconds += some_time();  // else at one instant with another
    const auto branch = static_cast<std::uint32_t>(draws.below(std::max<std::size_t>(1, net.branches.size())));
    changes.push_back({start, Change::Kind::start, flow, 1e5 + 1e7 * draws.uniform(), random_cap(draws, true), branch});
    SimTime at = start;
    for (auto more = draws.below(3); more > 0; --more) {
      at.nanoseconds += 3 * some_time();
      changes.push_back({.at = at, .kind = Change::Kind::cap, .flow = flow, .cap = random_cap(draws, true)});
    }
    at.nanoseconds += 5 * some_time();
    const bool leaves = draws.below(5) == 0;
    changes.push_back({.at = at,
                       .kind = leaves ? Change::Kind::withdraw : Change::Kind::cap,
                       .flow = flow,
                       .cap = random_cap(draws, false)});
  }
  std::ranges::stable_sort(changes, {}, &Change::at);
  return changes;
}

/// Ends within a nanosecond, which is a tick, of each other.
void expect_same(const Outcome& actual, const Outcome& expected, const std::string& what) {
  ASSERT_EQ(actual.ends.size(), expected.ends.size()) << what;
  for (const auto& [flow, end] : expected.ends) {
    ASSERT_TRUE(actual.ends.contains(flow)) << "flow " << flow << " never ends, " << what;
    ASSERT_LE(std::abs(actual.ends.at(flow).nanoseconds - end.nanoseconds), 1)
        << "end of flow " << flow << ", " << what;
  }
  ASSERT_EQ(actual.withdrawn.size(), expected.withdrawn.size()) << what;
  for (const auto& [flow, bytes] : expected.withdrawn) {
    ASSERT_TRUE(actual.withdrawn.contains(flow)) << "flow " << flow << " is not withdrawn, " << what;
    ASSERT_NEAR(actual.withdrawn.at(flow), bytes, 0.1) << "bytes of flow " << flow << ", " << what;
  }
}

TEST(SharedLinkProperty, EndsEveryFlowWhenProgressiveFillingDoes) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Draws draws{{.seed = seed}};
    const Net net = random_net(draws);
    const auto changes = random_changes(draws, 40, net);
    const auto expected = testing::fill_progressively(net, changes);
    ASSERT_EQ(expected.ends.size() + expected.withdrawn.size(), 40u) << "seed " << seed;
    expect_same(OnTheLink{net}.run(changes), expected, "seed " + std::to_string(seed));
  }
}

TEST(SharedLinkProperty, DoesNotCareHowFlowsAreNumbered) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Draws draws{{.seed = seed}};
    const Net net = random_net(draws);
    auto changes = random_changes(draws, 40, net);
    const auto expected = OnTheLink{net}.run(changes);
    const auto numbers = draws.sample(1'000'000, 40);
    for (auto& change : changes)
      change.flow = numbers[change.flow];
    Outcome renumbered;
    for (const auto& [flow, end] : expected.ends)
      renumbered.ends[numbers[flow]] = end;
    for (const auto& [flow, bytes] : expected.withdrawn)
      renumbered.withdrawn[numbers[flow]] = bytes;
    expect_same(OnTheLink{net}.run(changes), renumbered, "seed " + std::to_string(seed));
  }
}

TEST(SharedLinkProperty, DoesNotCareInWhichUnitsTheWorldIsMeasured) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Draws draws{{.seed = seed}};
    Net net = random_net(draws);
    auto changes = random_changes(draws, 40, net);
    const auto ends = OnTheLink{net}.run(changes).ends;
    net.capacity *= 1024;
    for (auto& branch : net.branches)
      branch *= 1024;
    for (auto& change : changes) {
      change.size *= 1024;
      change.cap *= 1024;
    }
    EXPECT_EQ(OnTheLink{net}.run(changes).ends, ends) << "seed " << seed;
  }
}

/// Flows that run on a net, to look at what each gets.
struct Crowd {
  Net net;
  SharedLink link;
  std::vector<double> caps;
  std::vector<std::uint32_t> branches;

  explicit Crowd(Net on) : net{std::move(on)}, link{link_of(net)} {}
  void join(double cap, std::uint32_t branch) {
    link.start(SimTime{}, static_cast<std::uint32_t>(caps.size()), Bytes{1e12}, BytesPerSecond{cap}, branch);
    caps.push_back(cap);
    branches.push_back(branch);
  }
  [[nodiscard]] std::vector<double> rates() {
    std::vector<double> all;
    for (std::uint32_t flow = 0; flow < caps.size(); ++flow)
      all.push_back(link.rate(flow).value);
    return all;
  }
};

Crowd random_crowd(Draws& draws, const Net& net) {
  Crowd crowd{net};
  for (auto flows = 1 + draws.below(60); flows > 0; --flows)
    crowd.join(1e4 * static_cast<double>(draws.below(300)),
               static_cast<std::uint32_t>(draws.below(std::max<std::size_t>(1, net.branches.size()))));
  return crowd;
}

/// The flows that go through one link, and what it carries.
struct Load {
  double capacity;
  double used = 0;
  double fastest = 0;
  void add(double rate) {
    used += rate;
    fastest = std::max(fastest, rate);
  }
  [[nodiscard]] bool full() const { return used > capacity * (1 - 1e-9); }
};

TEST(SharedLinkProperty, GivesEachFlowItsCapOrTheMostThatAnybodyGetsOfAFullLink) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Draws draws{{.seed = seed}};
    Crowd crowd = random_crowd(draws, random_net(draws));
    const auto rates = crowd.rates();
    Load root{crowd.net.capacity};
    std::vector<Load> branches;
    for (const double capacity : crowd.net.branches)
      branches.push_back({capacity});
    if (branches.empty()) branches.push_back({INFINITY});
    for (std::size_t flow = 0; flow < rates.size(); ++flow) {
      root.add(rates[flow]);
      branches[crowd.branches[flow]].add(rates[flow]);
    }
    EXPECT_LE(root.used, root.capacity * (1 + 1e-9)) << "seed " << seed;
    for (const auto& branch : branches)
      EXPECT_LE(branch.used, branch.capacity * (1 + 1e-9)) << "seed " << seed;
    for (std::size_t flow = 0; flow < rates.size(); ++flow) {
      EXPECT_LE(rates[flow], crowd.caps[flow]) << "flow " << flow << ", seed " << seed;
      const auto most_of = [&](const Load& l) { return l.full() && rates[flow] >= l.fastest * (1 - 1e-9); };
      EXPECT_TRUE(rates[flow] == crowd.caps[flow] || most_of(root) || most_of(branches[crowd.branches[flow]]))
          << "flow " << flow << " could have more than " << rates[flow] << " bytes/s, seed " << seed;
    }
  }
}

TEST(SharedLinkProperty, OfAStarGivesNobodyMoreWhenAnotherFlowComes) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Draws draws{{.seed = seed}};
    Crowd crowd = random_crowd(draws, {.capacity = 1e5 + 5e7 * draws.uniform(), .branches = {}});
    const auto before = crowd.rates();
    crowd.join(1e4 * static_cast<double>(draws.below(300)), 0);
    const auto with_another = crowd.rates();
    for (std::size_t flow = 0; flow < before.size(); ++flow)
      EXPECT_LE(with_another[flow], before[flow] * (1 + 1e-12)) << "flow " << flow << ", seed " << seed;
  }
}

TEST(SharedLinkProperty, CarriesForItsFlowsWhatItsRatesAddUpTo) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Draws draws{{.seed = seed}};
    Crowd crowd = random_crowd(draws, random_net(draws));
    double expected = 0;
    SimTime now{};
    for (int change = 0; change < 20; ++change) {
      const auto rates = crowd.rates();
      const SimTime next{now.nanoseconds + static_cast<std::int64_t>(draws.below(5'000'000'000))};
      expected += std::accumulate(rates.begin(), rates.end(), 0.0) * next.since(now).value;
      now = next;
      const auto flow = static_cast<std::uint32_t>(draws.below(rates.size()));
      crowd.link.change_cap(now, flow, BytesPerSecond{1e4 * static_cast<double>(draws.below(300))});
    }
    double carried = 0;
    for (std::uint32_t flow = 0; flow < crowd.caps.size(); ++flow) {
      const double told = crowd.link.carried(now, flow).value;
      EXPECT_EQ(crowd.link.withdraw(now, flow).value, told) << "flow " << flow << ", seed " << seed;
      carried += told;
    }
    EXPECT_NEAR(carried, expected, 1e-9 * expected) << "seed " << seed;
    EXPECT_EQ(crowd.link.next_end(), std::nullopt) << "nobody is left";
  }
}

}  // namespace
}  // namespace edgefuse::sim
