#include "sim/input_file.hpp"

#include <gtest/gtest.h>

#include "sim/output_file.hpp"
#include "tests/support/input_file.hpp"

namespace edgefuse {
namespace {

using testing::mistakes_of;
using testing::summary;
using testing::write;

TEST(InputFile, DropsAByteOrderMark) {
  EXPECT_EQ(read_text_file(write(testing::scratch_folder(), "a", "\xEF\xBB\xBFhi")), "hi");
}

TEST(InputFile, TakesBytesAsTheyAre) {
  const std::string bytes{"\xEF\xBB\xBF\0\xE9", 5};
  EXPECT_EQ(read_file(write(testing::scratch_folder(), "a", bytes)), bytes);
}

TEST(InputFile, RefusesWhatItCannotRead) {
  const auto folder = testing::scratch_folder();
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(folder / "none"); })), "no such file");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(folder); })), "not a file");
  const auto empty = write(folder, "empty", "");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(empty); })), "empty");
  EXPECT_EQ(summary(mistakes_of([&] { return read_file(empty); })), "empty");
  const auto mark = write(folder, "mark", "\xEF\xBB\xBF");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(mark); })), "empty");
  const auto latin1 = write(folder, "latin1", "one\ntwo\nthr\xE9\x65\n");
  EXPECT_EQ(summary(mistakes_of([&] { return read_text_file(latin1); })), "3 not valid UTF-8");
}

TEST(InputFile, WritesNothingIntoAFolderThatIsNotThere) {
  const auto file = testing::scratch_folder() / "no" / "such";
  EXPECT_THROW(write_text_file(file, "x"), InputError);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(InputFile, LeavesNoPartialFileBeside) {
  const auto folder = testing::scratch_folder();
  write_text_file(folder / "a", "old");
  write_text_file(folder / "a", "new");
  EXPECT_EQ(read_text_file(folder / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 1);
}

}  // namespace
}  // namespace edgefuse
