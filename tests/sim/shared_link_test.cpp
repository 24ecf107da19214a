#include "sim/shared_link.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace edgefuse::sim {
namespace {

constexpr SimTime at(double seconds) {
  return SimTime{static_cast<std::int64_t>(seconds * 1e9)};
}

std::vector<double> rates(SharedLink& link) {
  std::vector<double> all;
  for (std::uint32_t flow = 0; flow < link.flows(); ++flow)
    all.push_back(link.rate(flow).value);
  return all;
}

/// Flows of caps that never bind, through the branches named.
SharedLink tree(double capacity, std::vector<BytesPerSecond> branches, const std::vector<std::uint32_t>& flows) {
  SharedLink link{BytesPerSecond{capacity}, std::move(branches)};
  for (std::uint32_t flow = 0; flow < flows.size(); ++flow)
    link.start(SimTime{}, flow, Bytes{1000}, BytesPerSecond{100}, flows[flow]);
  return link;
}

TEST(SharedLink, OfBranchesThatDoNotFillIsAStar) {
  auto link = tree(6, {BytesPerSecond{5}, BytesPerSecond{8}}, {0, 0, 1});
  EXPECT_EQ(rates(link), (std::vector<double>{2, 2, 2}));
}

TEST(SharedLink, LeavesToTheOthersWhatAFullBranchCannotTake) {
  auto link = tree(10, {BytesPerSecond{4}, BytesPerSecond{8}}, {0, 0, 1});
  EXPECT_EQ(rates(link), (std::vector<double>{2, 2, 6}));
}

TEST(SharedLink, IsBoundByItsBranchesWhenTheyAreNarrowerThanTheRoot) {
  auto link = tree(100, {BytesPerSecond{4}, BytesPerSecond{8}}, {0, 0, 1});
  EXPECT_EQ(rates(link), (std::vector<double>{2, 2, 8}));
}

TEST(SharedLink, SharesABranchByCapsBeforeTheRootIsFull) {
  SharedLink link{BytesPerSecond{20}, {BytesPerSecond{9}, BytesPerSecond{30}}};
  link.start(SimTime{}, 0, Bytes{1e3}, BytesPerSecond{1}, 0);
  link.start(SimTime{}, 1, Bytes{1e3}, BytesPerSecond{7}, 0);
  link.start(SimTime{}, 2, Bytes{1e3}, BytesPerSecond{50}, 0);
  link.start(SimTime{}, 3, Bytes{1e3}, BytesPerSecond{3}, 1);
  link.start(SimTime{}, 4, Bytes{1e3}, BytesPerSecond{50}, 1);
  EXPECT_EQ(rates(link), (std::vector<double>{1, 4, 4, 3, 8})) << "9 of branch 0, and 11 are left of the root's 20";
}

TEST(SharedLink, KeepsWhatWasCarriedWhenACapChanges) {
  SharedLink link{BytesPerSecond{100}};
  link.start(SimTime{}, 3, Bytes{1000}, BytesPerSecond{80});
  EXPECT_EQ(link.next_end(), at(12.5));
  link.change_cap(at(5), 3, BytesPerSecond{0});
  EXPECT_EQ(link.next_end(), std::nullopt) << "it is stalled";
  EXPECT_EQ(link.rate(3).value, 0);
  EXPECT_DOUBLE_EQ(link.carried(at(10), 3).value, 400) << "in the 5 s before";
  link.change_cap(at(15), 3, BytesPerSecond{50});
  EXPECT_DOUBLE_EQ(link.carried(at(17), 3).value, 500);
  EXPECT_EQ(link.next_end(), at(27)) << "600 bytes were left at 15 s";
  EXPECT_EQ(link.take_ended(at(27)), std::vector<std::uint32_t>{3});
  EXPECT_EQ(link.flows(), 0u);
}

TEST(SharedLink, GivesTheShareOfAStalledFlowToTheOthers) {
  SharedLink link{BytesPerSecond{100}};
  link.start(SimTime{}, 0, Bytes{1000}, BytesPerSecond{80});
  link.start(SimTime{}, 1, Bytes{1000}, BytesPerSecond{80});
  EXPECT_EQ(rates(link), (std::vector<double>{50, 50}));
  link.change_cap(at(1), 0, BytesPerSecond{0});
  EXPECT_EQ(rates(link), (std::vector<double>{0, 80}));
  EXPECT_DOUBLE_EQ(link.withdraw(at(2), 0).value, 50);
  EXPECT_DOUBLE_EQ(link.carried(at(2), 1).value, 130);
}

TEST(SharedLink, EndsAFlowWithNothingLeftThoughItIsStalled) {
  SharedLink link{BytesPerSecond{100}};
  link.start(SimTime{}, 0, Bytes{300}, BytesPerSecond{30});
  link.start(SimTime{}, 1, Bytes{0}, BytesPerSecond{0});
  EXPECT_EQ(link.next_end(), SimTime{1});
  EXPECT_EQ(link.take_ended(SimTime{1}), std::vector<std::uint32_t>{1});
  link.change_cap(at(10), 0, BytesPerSecond{0});
  EXPECT_EQ(link.take_ended(at(10)), std::vector<std::uint32_t>{0}) << "it was through when its cap changed";
}

TEST(SharedLink, CarriesAFlowOfTheSameNumberAgain) {
  SharedLink link{BytesPerSecond{100}};
  for (int round = 0; round < 3; ++round) {
    link.start(at(round), 7, Bytes{1000}, BytesPerSecond{80});
    link.start(at(round), 9, Bytes{8}, BytesPerSecond{20});
    EXPECT_DOUBLE_EQ(link.withdraw(at(round), 7).value, 0) << "nothing of it, in no time";
    EXPECT_EQ(link.next_end(), at(round + 0.4)) << "8 bytes at 20 bytes/s, round " << round;
    EXPECT_EQ(link.take_ended(at(round + 0.4)), std::vector<std::uint32_t>{9});
  }
}

TEST(SharedLinkDeathTest, NamesWhatACallerGotWrong) {
  SharedLink link{BytesPerSecond{10}, {BytesPerSecond{1}, BytesPerSecond{2}}};
  EXPECT_DEATH(link.start(SimTime{}, 0, Bytes{1}, BytesPerSecond{1}, 2), "through a branch of the link");
  EXPECT_DEATH(link.start(SimTime{}, 0, Bytes{1}, BytesPerSecond{-1}), "a finite cap");
  EXPECT_DEATH(link.change_cap(SimTime{}, 5, BytesPerSecond{1}), "a flow that runs");
  link.start(SimTime{}, 0, Bytes{1}, BytesPerSecond{1});
  EXPECT_DEATH(link.start(SimTime{}, 0, Bytes{1}, BytesPerSecond{1}, 1), "once at a time");
}

}  // namespace
}  // namespace edgefuse::sim
