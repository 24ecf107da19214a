#include "llm/tokenizer/split.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edgefuse::llm::tokenizing {
namespace {

std::vector<std::string> parts(OnMatch on_match, bool invert = false) {
  const std::string text = "the-final--countdown";
  std::vector<std::string> found;
  for (const auto& extent : split_at(text, find_literal(text, "-"), on_match, invert))
    found.emplace_back(extent.of(text));
  return found;
}

using Parts = std::vector<std::string>;

// The examples of Hugging Face's documentation of SplitDelimiterBehavior.

TEST(Split, RemovesDelimiters) {
  EXPECT_EQ(parts(OnMatch::removed), (Parts{"the", "final", "countdown"}));
}

TEST(Split, IsolatesDelimiters) {
  EXPECT_EQ(parts(OnMatch::isolated), (Parts{"the", "-", "final", "-", "-", "countdown"}));
}

TEST(Split, MergesDelimitersWithWhatComesBefore) {
  EXPECT_EQ(parts(OnMatch::merged_with_previous), (Parts{"the-", "final-", "-", "countdown"}));
}

TEST(Split, MergesDelimitersWithWhatComesNext) {
  EXPECT_EQ(parts(OnMatch::merged_with_next), (Parts{"the", "-final", "-", "-countdown"}));
}

TEST(Split, KeepsNeighbouringDelimitersTogether) {
  EXPECT_EQ(parts(OnMatch::contiguous), (Parts{"the", "-", "final", "--", "countdown"}));
}

TEST(Split, InvertsWhatCountsAsDelimiter) {
  EXPECT_EQ(parts(OnMatch::removed, true), (Parts{"-", "-", "-"}));
}

TEST(Split, LeavesATextWithoutMatchesWhole) {
  EXPECT_EQ(split_at("abc", {}, OnMatch::merged_with_next, false), (std::vector<Extent>{{0, 3}}));
}

TEST(Regex, CountsInBytesOfUtf8) {
  const Regex word{"\\p{L}+"};
  EXPECT_EQ(word.find_all("é 世界\U0001F30Dx"), (std::vector<Extent>{{0, 2}, {3, 9}, {13, 14}}));
}

TEST(Regex, IsReplacedLiterally) {
  EXPECT_EQ(with_replaced("baab", Regex{"a+"}.find_all("baab"), "$1\\"), "b$1\\b");
}

TEST(Regex, SaysWhereAnExpressionIsBroken) {
  try {
    const Regex broken{"ab(c"};
    FAIL() << "accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("U_REGEX_MISMATCHED_PAREN"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace edgefuse::llm::tokenizing
