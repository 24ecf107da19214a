#include "sim/units.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace edgefuse {
namespace {

static_assert(std::is_same_v<decltype(Bytes{} / BytesPerSecond{}), Seconds>);
static_assert(std::is_same_v<decltype(Flops{} / FlopsPerSecond{}), Seconds>);
static_assert(std::is_same_v<decltype(Watts{} * Seconds{}), Joules>);
static_assert(std::is_same_v<decltype(Bytes{} / Bytes{}), double>);
static_assert(!std::is_convertible_v<double, Seconds>, "a bare number is no duration");
static_assert(!std::is_convertible_v<Bytes, Seconds>);

TEST(Units, MultiplyAndDivideAsPhysicsDoes) {
  EXPECT_DOUBLE_EQ((Bytes{8e6} / BytesPerSecond{1e6}).value, 8);
  EXPECT_DOUBLE_EQ((Watts{5} * Seconds{8}).value, 40);
  EXPECT_DOUBLE_EQ(Bytes{3} / Bytes{4}, 0.75);
}

TEST(Units, AddAndCompareOnlyWithTheirOwnKind) {
  Seconds total{1};
  total += Seconds{2};
  EXPECT_EQ(total, Seconds{3});
  EXPECT_LT(Seconds{1}, Seconds{2});
  EXPECT_EQ((2 * Seconds{3}) - Seconds{1}, Seconds{5});
}

}  // namespace
}  // namespace edgefuse
