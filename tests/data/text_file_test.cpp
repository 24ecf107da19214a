#include "data/text_file.hpp"

#include <gtest/gtest.h>

#include "sim/output_file.hpp"
#include "tests/data/input_file.hpp"

namespace edgefuse::data {
namespace {

using testing::mistakes_of;
using testing::summary;
using testing::write;

TEST(TextFile, AcceptsEveryLengthOfUtf8) {
  EXPECT_EQ(first_invalid_utf8("a \xC3\xA9 \xE2\x82\xAC \xED\x9F\xBF \xF0\x9F\x98\x80"), std::nullopt);
}

TEST(TextFile, FindsTheFirstByteThatIsNotUtf8) {
  EXPECT_EQ(first_invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(first_invalid_utf8("a\xC0\x80"), 1u) << "overlong";
  EXPECT_EQ(first_invalid_utf8("\xED\xA0\x80"), 0u) << "surrogate";
  EXPECT_EQ(first_invalid_utf8("\xF4\x90\x80\x80"), 0u) << "above U+10FFFF";
  EXPECT_EQ(first_invalid_utf8("abc\xE2\x82"), 3u) << "cut off";
}

TEST(TextFile, DropsAByteOrderMark) {
  EXPECT_EQ(read_text_file(write(testing::scratch_folder(), "a", "\xEF\xBB\xBFhi")), "hi");
}

TEST(TextFile, RefusesWhatItCannotRead) {
  const auto folder = testing::scratch_folder();
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(folder / "none"); })), "no such file");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(folder); })), "not a file");
  const auto empty = write(folder, "empty", "");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(empty); })), "empty");
  const auto latin1 = write(folder, "latin1", "one\ntwo\nthr\xE9\x65\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(latin1); })), "3 not valid UTF-8");
}

TEST(TextFile, WritesNothingIntoAFolderThatIsNotThere) {
  const auto file = testing::scratch_folder() / "no" / "such";
  EXPECT_THROW(write_text_file(file, "x"), InputError);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(TextFile, LeavesNoPartialFileBeside) {
  const auto folder = testing::scratch_folder();
  write_text_file(folder / "a", "old");
  write_text_file(folder / "a", "new");
  EXPECT_EQ(read_text_file(folder / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 1);
}

}  // namespace
}  // namespace edgefuse::data
