#include "sim/time.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "sim/error.hpp"

namespace edgefuse {
namespace {

TEST(Time, RoundsACompletionUpToTheNextTick) {
  EXPECT_EQ(after(SimTime{5}, Seconds{1e-9}).nanoseconds, 6);
  EXPECT_EQ(after(SimTime{5}, Seconds{1.2e-9}).nanoseconds, 7);
  EXPECT_EQ(after(SimTime{0}, Seconds{2}).nanoseconds, 2'000'000'000);
}

TEST(Time, NeverCompletesAnythingAtTheInstantItStarts) {
  EXPECT_EQ(after(SimTime{5}, Seconds{0}).nanoseconds, 6);
  EXPECT_EQ(after(SimTime{5}, Seconds{1e-30}).nanoseconds, 6);
}

TEST(Time, RefusesDurationsThatAreNoDurations) {
  EXPECT_THROW(static_cast<void>(after({}, Seconds{-1})), RunError);
  EXPECT_THROW(static_cast<void>(after({}, Seconds{std::numeric_limits<double>::quiet_NaN()})), RunError);
  EXPECT_THROW(static_cast<void>(after({}, Seconds{std::numeric_limits<double>::infinity()})), RunError);
}

TEST(Time, EndsAfter292YearsWithAMessage) {
  constexpr double year = 365.25 * 86400;
  EXPECT_NO_THROW(static_cast<void>(after({}, Seconds{292 * year})));
  EXPECT_THROW(static_cast<void>(after({}, Seconds{293 * year})), RunError);
  EXPECT_THROW(static_cast<void>(after(after({}, Seconds{200 * year}), Seconds{100 * year})), RunError);
}

TEST(Time, MeasuresDurationsInSeconds) {
  EXPECT_DOUBLE_EQ(SimTime{2'500'000'000}.since(SimTime{500'000'000}).value, 2);
  EXPECT_DOUBLE_EQ(SimTime{1'500'000'000}.since_start().value, 1.5);
}

}  // namespace
}  // namespace edgefuse
