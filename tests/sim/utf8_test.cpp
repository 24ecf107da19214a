#include "sim/utf8.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace edgefuse {
namespace {

TEST(Utf8, IsAcceptedInEveryLength) {
  EXPECT_EQ(first_invalid_utf8("a \xC3\xA9 \xE2\x82\xAC \xED\x9F\xBF \xF0\x9F\x98\x80"), std::nullopt);
}

TEST(Utf8, IsFollowedToTheFirstByteThatIsNot) {
  EXPECT_EQ(first_invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(first_invalid_utf8("a\xC0\x80"), 1u) << "overlong";
  EXPECT_EQ(first_invalid_utf8("\xED\xA0\x80"), 0u) << "surrogate";
  EXPECT_EQ(first_invalid_utf8("\xF4\x90\x80\x80"), 0u) << "above U+10FFFF";
  EXPECT_EQ(first_invalid_utf8("abc\xE2\x82"), 3u) << "cut off";
}

}  // namespace
}  // namespace edgefuse
