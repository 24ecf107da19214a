#include "results/fairness.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace edgefuse::results {
namespace {

/// Two laptops about law, two boards about music and law.
ResultFile four_clients() {
  ResultFile result;
  result.clients = {
      {"laptop", "law", {}, 1}, {"laptop", "law", {}, 1}, {"board", "music", {}, 1}, {"board", "law", {}, 1}};
  return result;
}

PlanRow part(std::int64_t client, Outcome outcome = Outcome::returned) {
  PlanRow row;
  row.client = client;
  row.outcome = outcome;
  return row;
}

TEST(Fairness, IsOneWhenEverybodyIsFusedAsOften) {
  auto result = four_clients();
  result.plans = {part(0), part(1), part(2), part(3)};
  EXPECT_DOUBLE_EQ(fairness(result).value().jain, 1);
  EXPECT_EQ(fairness(result).value().never_fused, 0);
}

TEST(Fairness, IsOneInNWhenOneGivesAll) {
  auto result = four_clients();
  result.plans = {part(2), part(2), part(2)};
  EXPECT_DOUBLE_EQ(fairness(result).value().jain, 0.25);
  EXPECT_EQ(fairness(result).value().never_fused, 3);
}

TEST(Fairness, CountsWhatWasFusedAndNotWhoWasInvited) {
  auto result = four_clients();
  result.plans = {part(0), part(1, Outcome::lost), part(1, Outcome::late), part(2, Outcome::sat_out), part(3)};
  const auto found = fairness(result).value();
  EXPECT_DOUBLE_EQ(found.jain, 4.0 / (4 * 2));
  ASSERT_EQ(found.classes.size(), 2U);
  EXPECT_EQ(found.classes[0].device, "board");
  EXPECT_EQ(found.classes[0].started, 1) << "who sat out did not start";
  EXPECT_EQ(found.classes[1].started, 3);
  EXPECT_EQ(found.classes[1].fused, 1);
}

TEST(Fairness, OfAClassIsTheMeanAccuracyOnItsClientsDomains) {
  auto result = four_clients();
  result.plans = {part(0)};
  result.evaluation = {{1, "fused", "accuracy", "law", 0.5, 0, 1, 8},
                       {1, "fused", "accuracy", "music", 0.9, 0, 1, 8},
                       {2, "fused", "accuracy", "law", 0.6, 0, 1, 8},
                       {2, "adapter:law", "accuracy", "law", 1, 0, 1, 8},
                       {2, "fused", "composite_all", "law", 0.1, 0, 1, 8}};
  const auto classes = fairness(result).value().classes;
  EXPECT_DOUBLE_EQ(classes[0].accuracy.at("fused"), (0.9 + 0.6) / 2) << "boards: music and law, the latest of each";
  EXPECT_DOUBLE_EQ(classes[1].accuracy.at("fused"), 0.6);
  EXPECT_EQ(classes[1].accuracy.size(), 1U) << "adapters of one domain are nobody's model";
}

TEST(Fairness, IsNotToldWhereNothingTellsIt) {
  EXPECT_FALSE(fairness(four_clients())) << "no plans";
  auto result = four_clients();
  result.plans = {part(0, Outcome::lost)};
  EXPECT_FALSE(fairness(result)) << "nothing was fused";
}

}  // namespace
}  // namespace edgefuse::results
