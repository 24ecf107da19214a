#include "sim/expects.hpp"

#include <gtest/gtest.h>

namespace edgefuse {
namespace {

TEST(Expects, IsSilentWhileTheInvariantHolds) {
  EDGEFUSE_EXPECTS(1 + 1 == 2, "arithmetic");
}

TEST(ExpectsDeathTest, AbortsWithTheReasonAndTheConditionInEveryBuild) {
  const int rows = 3;
  EXPECT_DEATH(EDGEFUSE_EXPECTS(rows == 4, "four rows"), "broken invariant: four rows \\[rows == 4\\]");
}

}  // namespace
}  // namespace edgefuse
