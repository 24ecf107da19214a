#include "clients/fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace edgefuse::clients {
namespace {

sim::DeviceProfile device(double ram) {
  sim::DeviceProfile d;
  d.peak = FlopsPerSecond{1e9};
  d.memory_bandwidth = BytesPerSecond{1e9};
  d.ram = Bytes{ram};
  d.usable_ram = 0.5;
  d.link = {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{3e6}, .latency = Seconds{0.02}};
  return d;
}

FleetSpec shares(std::int64_t clients, const std::vector<double>& values) {
  FleetSpec spec{.clients = clients, .seed = 5};
  for (const double share : values)
    spec.groups.push_back({.device = device(8), .share = share});
  return spec;
}

std::vector<std::int64_t> sizes(const Fleet& fleet) {
  std::vector<std::int64_t> counts(fleet.groups().size());
  for (std::uint32_t c = 0; c < fleet.size(); ++c)
    ++counts[fleet.row(c).group];
  for (std::size_t g = 0; g < counts.size(); ++g)
    EXPECT_EQ(counts[g], fleet.groups()[g].clients) << "group " << g;
  return counts;
}

TEST(Fleet, TurnsSharesIntoCountsByLargestRemainders) {
  EXPECT_EQ(sizes(Fleet{shares(10, {0.25, 0.33, 0.42})}), (std::vector<std::int64_t>{3, 3, 4}));
  EXPECT_EQ(sizes(Fleet{shares(7, {0.5, 0.5})}), (std::vector<std::int64_t>{4, 3}));
  EXPECT_EQ(sizes(Fleet{shares(1, {0.1, 0.9})}), (std::vector<std::int64_t>{0, 1}));
}

TEST(Fleet, TakesCountsAsTheyAre) {
  FleetSpec spec{.clients = 7, .seed = 5};
  spec.groups = {{.device = device(8), .count = 2}, {.device = device(4), .count = 5}};
  EXPECT_EQ(sizes(Fleet{spec}), (std::vector<std::int64_t>{2, 5}));
}

TEST(Fleet, GroupsReplaceWhatTheyStateThemselves) {
  FleetSpec spec{.clients = 2, .memory_scale = 0.1, .seed = 5};
  spec.groups = {{.device = device(8), .count = 1},
                 {.device = device(8),
                  .count = 1,
                  .memory = Bytes{7},
                  .uplink = BytesPerSecond{11},
                  .downlink = BytesPerSecond{13},
                  .latency = Seconds{17}}};
  const Fleet fleet{spec};
  for (std::uint32_t c = 0; c < 2; ++c) {
    const bool own = fleet.row(c).group == 1;
    EXPECT_DOUBLE_EQ(fleet.memory(c).value, own ? 7 : 0.4);
    EXPECT_DOUBLE_EQ(fleet.link(c).up.value, own ? 11 : 1e6);
    EXPECT_DOUBLE_EQ(fleet.link(c).down.value, own ? 13 : 3e6);
    EXPECT_DOUBLE_EQ(fleet.link(c).latency.value, own ? 17 : 0.02);
  }
}

TEST(Fleet, WithoutSpreadClientsOfAClassAreAlike) {
  const Fleet fleet{shares(50, {1.0})};
  for (std::uint32_t c = 0; c < fleet.size(); ++c) {
    EXPECT_EQ(fleet.row(c).compute_factor, 1);
    EXPECT_EQ(fleet.row(c).link_factor, 1);
  }
}

TEST(Fleet, SpreadIsTheSigmaOfTheLogarithmOfBothSpeeds) {
  auto spec = shares(20'000, {1.0});
  spec.spread = 0.4;
  const Fleet fleet{spec};
  double sum = 0;
  double squares = 0;
  double product = 0;
  for (std::uint32_t c = 0; c < fleet.size(); ++c) {
    const double compute = std::log(static_cast<double>(fleet.row(c).compute_factor));
    sum += compute;
    squares += compute * compute;
    product += compute * std::log(static_cast<double>(fleet.row(c).link_factor));
  }
  const double n = fleet.size();
  EXPECT_NEAR(sum / n, 0, 4 * 0.4 / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(squares / n), 0.4, 4 * 0.4 / std::sqrt(2 * n));
  EXPECT_NEAR(product / n, 0, 4 * 0.16 / std::sqrt(n)) << "the two speeds of a client are independent";
}

TEST(Fleet, AFasterClientTakesLessTimeInProportion) {
  auto spec = shares(10, {1.0});
  spec.spread = 0.5;
  const Fleet fleet{spec};
  for (std::uint32_t c = 0; c < fleet.size(); ++c) {
    const auto time = fleet.step_time(c, {.flops = Flops{2e9}, .traffic = Bytes{1e9}});
    EXPECT_DOUBLE_EQ(time.value * static_cast<double>(fleet.row(c).compute_factor), 2);
    EXPECT_DOUBLE_EQ(fleet.link(c).up.value, 1e6 * static_cast<double>(fleet.row(c).link_factor));
    const double steps = 32 * std::log2(static_cast<double>(fleet.row(c).link_factor));
    EXPECT_NEAR(steps, std::round(steps), 1e-4) << "links have few different rates";
  }
}

TEST(Fleet, IsTheSameForTheSameSeedAndAnotherForAnother) {
  auto spec = shares(200, {0.5, 0.5});
  spec.spread = 0.3;
  const auto rows = [](const Fleet& fleet) {
    std::vector<std::pair<std::uint32_t, float>> all;
    for (std::uint32_t c = 0; c < fleet.size(); ++c)
      all.emplace_back(fleet.row(c).group, fleet.row(c).compute_factor);
    return all;
  };
  const auto first = rows(Fleet{spec});
  EXPECT_EQ(rows(Fleet{spec}), first);
  spec.seed = 6;
  EXPECT_NE(rows(Fleet{spec}), first);
}

TEST(Fleet, AClientKeepsItsSpeedWhenTheFleetGrows) {
  auto small = shares(10, {1.0});
  small.spread = 0.3;
  auto large = small;
  large.clients = 1000;
  EXPECT_EQ(Fleet{small}.row(9).compute_factor, Fleet{large}.row(9).compute_factor);
}

TEST(Fleet, DealsGroupsInRandomOrder) {
  const Fleet fleet{shares(100, {0.5, 0.5})};
  std::vector<std::uint32_t> groups;
  for (std::uint32_t c = 0; c < fleet.size(); ++c)
    groups.push_back(fleet.row(c).group);
  EXPECT_FALSE(std::ranges::is_sorted(groups));
}

TEST(FleetDeathTest, RefusesGroupsThatDoNotAddUp) {
  EXPECT_DEATH(Fleet{shares(10, {0.5, 0.4})}, "shares add up to 1");
  FleetSpec spec{.clients = 3, .seed = 5};
  spec.groups = {{.device = device(8), .count = 2}};
  EXPECT_DEATH(Fleet{spec}, "counts add up to the number of clients");
}

}  // namespace
}  // namespace edgefuse::clients
