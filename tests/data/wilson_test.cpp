#include "data/wilson.hpp"

#include <gtest/gtest.h>

namespace edgefuse::data {
namespace {

TEST(Wilson, AgreesWithPublishedIntervals) {
  // Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const auto check = [](std::int64_t successes, std::int64_t trials, double low, double high) {
    const auto interval = wilson(successes, trials);
    EXPECT_NEAR(interval.low, low, 5e-5) << successes << " of " << trials;
    EXPECT_NEAR(interval.high, high, 5e-5) << successes << " of " << trials;
    EXPECT_DOUBLE_EQ(interval.value, static_cast<double>(successes) / static_cast<double>(trials));
  };
  check(81, 263, 0.2553, 0.3662);
  check(15, 148, 0.0624, 0.1605);
  check(0, 20, 0.0000, 0.1611);
  check(1, 29, 0.0061, 0.1718);
}

TEST(Wilson, IsSymmetric) {
  const auto few = wilson(3, 17);
  const auto many = wilson(14, 17);
  EXPECT_NEAR(few.low, 1 - many.high, 1e-15);
  EXPECT_NEAR(few.high, 1 - many.low, 1e-15);
}

}  // namespace
}  // namespace edgefuse::data
