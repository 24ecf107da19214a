#include "sim/text_width.hpp"

#include <gtest/gtest.h>

namespace edgefuse {
namespace {

TEST(TextWidth, CountsCharactersNotBytes) {
  EXPECT_EQ(text_width(""), 0U);
  EXPECT_EQ(text_width("law"), 3U);
  EXPECT_EQ(text_width("Ärzte × Ω"), 9U);
}

TEST(TextWidth, AlignsByCharacters) {
  EXPECT_EQ(left_aligned("Ärzte", 7) + "|", "Ärzte  |");
  EXPECT_EQ(right_aligned("Ärzte", 7), "  Ärzte");
  EXPECT_EQ(right_aligned("too long", 3), "too long");
}

TEST(TextWidth, ShortensInTheMiddleAndCutsNoCharacterInTwo) {
  EXPECT_EQ(shortened("music", 5), "music");
  EXPECT_EQ(shortened("musicology", 5), "mu…gy");
  EXPECT_EQ(shortened("äöüßäöüß", 4), "ä…üß");
  EXPECT_EQ(shortened("law", 1), "…");
}

TEST(TextWidth, OfALineIsWhatWasAskedFor) {
  EXPECT_EQ(text_width(ruled_line(12)), 12U);
}

}  // namespace
}  // namespace edgefuse
