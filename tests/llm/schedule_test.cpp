#include <gtest/gtest.h>

#include "llm/schedule.hpp"

namespace edgefuse::llm {
namespace {

double rate(Schedule schedule, double warm_up, std::int64_t step, std::int64_t steps) {
  return rate_at({.learning_rate = 0.2, .schedule = schedule, .warm_up = warm_up}, step, steps);
}

TEST(Schedule, StaysWhereItIsWhenConstant) {
  EXPECT_EQ(rate(Schedule::constant, 0, 0, 4), 0.2);
  EXPECT_EQ(rate(Schedule::constant, 0, 3, 4), 0.2);
}

TEST(Schedule, FallsAsHalfACosine) {
  EXPECT_DOUBLE_EQ(rate(Schedule::cosine, 0, 0, 4), 0.2);
  EXPECT_NEAR(rate(Schedule::cosine, 0, 2, 4), 0.1, 1e-15);
  EXPECT_GT(rate(Schedule::cosine, 0, 3, 4), 0) << "the last step still learns";
}

TEST(Schedule, FallsByEvenParts) {
  EXPECT_DOUBLE_EQ(rate(Schedule::linear, 0, 0, 4), 0.2);
  EXPECT_DOUBLE_EQ(rate(Schedule::linear, 0, 1, 4), 0.15);
  EXPECT_DOUBLE_EQ(rate(Schedule::linear, 0, 3, 4), 0.05);
}

TEST(Schedule, RisesByEvenPartsBeforeItFalls) {
  for (const Schedule schedule : {Schedule::constant, Schedule::cosine, Schedule::linear}) {
    EXPECT_DOUBLE_EQ(rate(schedule, 0.4, 0, 10), 0.05);
    EXPECT_DOUBLE_EQ(rate(schedule, 0.4, 3, 10), 0.2);
    EXPECT_DOUBLE_EQ(rate(schedule, 0.4, 4, 10), 0.2) << "the first step of what follows";
  }
  EXPECT_DOUBLE_EQ(rate(Schedule::linear, 0.4, 7, 10), 0.1);
  EXPECT_NEAR(rate(Schedule::cosine, 0.4, 7, 10), 0.1, 1e-15);
}

TEST(Schedule, WarmsUpOverTheWholeOfATrainingOfOneStep) {
  EXPECT_DOUBLE_EQ(rate(Schedule::linear, 0.1, 0, 1), 0.2);
}

}  // namespace
}  // namespace edgefuse::llm
