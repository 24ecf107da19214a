#include "sim/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

namespace edgefuse {
namespace {

TEST(Error, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ((Mistake{"a.toml", 12, "network.uplink", "negative", "use a rate above 0"}.text()),
            "a.toml:12: network.uplink: negative (use a rate above 0)");
  EXPECT_EQ((Mistake{"a.toml", 0, "", "empty", ""}.text()), "a.toml: empty");
  EXPECT_EQ((Mistake{"", 7, "", "too long", ""}.text()), "too long");
}

TEST(Error, CarriesAllMistakesInOneMessage) {
  const InputError error{std::vector{Mistake{.file = "a", .problem = "one"}, Mistake{.file = "b", .problem = "two"}}};
  EXPECT_STREQ(error.what(), "a: one\nb: two");
  EXPECT_EQ(error.mistakes().size(), 2u);
}

TEST(Error, SuggestsTheNearestNameOnlyWhenItIsNear) {
  constexpr std::array<std::string_view, 3> names = {"rounds", "rank", "ratio"};
  EXPECT_EQ(nearest("ruonds", names), "rounds");
  EXPECT_EQ(nearest("ratoi", names), "ratio");
  EXPECT_EQ(nearest("something-else", names), "");
}

}  // namespace
}  // namespace edgefuse
