#include <gtest/gtest.h>

#include "sim/availability/availability.hpp"
#include "tests/sim/availability/npy_file.hpp"
#include "tests/support/input_file.hpp"

namespace edgefuse::sim {
namespace {

using edgefuse::testing::nan;
using edgefuse::testing::npy;
using edgefuse::testing::npy_of_doubles;
using edgefuse::testing::raw;
using edgefuse::testing::scratch_folder;
using edgefuse::testing::write;

/// Everything wrong with a trace, a line for each mistake, with FILE for the path of the trace.
std::string refusal(const std::filesystem::path& file, Parameters parameters = {}) {
  parameters.emplace("path", file.string());
  std::string text;
  for (auto mistake : edgefuse::testing::mistakes_of([&] { return availabilities().make("trace", parameters); })) {
    if (mistake.file == file.string()) mistake.file = "FILE";
    text += (text.empty() ? "" : "\n") + mistake.text();
  }
  return text;
}

std::string refusal(const std::string& name, const std::string& bytes, Parameters parameters = {}) {
  return refusal(write(scratch_folder(), name, bytes), std::move(parameters));
}

TEST(BadTrace, IsNotThere) {
  EXPECT_EQ(refusal(scratch_folder() / "none.npy"), "FILE: no such file (check the path)");
  EXPECT_EQ(refusal(scratch_folder() / "none.csv"), "FILE: no such file (check the path)");
  EXPECT_EQ(refusal("a.npy", ""), "FILE: empty (name a file with something in it)");
}

TEST(BadTrace, HasAnotherEnding) {
  EXPECT_EQ(refusal("a.json", "{}"),
            "FILE: neither a .npy nor a .csv file (give a NumPy matrix or a table of intervals, by its usual ending)");
}

TEST(BadTrace, IsNoMatrixOfNumPy) {
  EXPECT_EQ(refusal("a.npy", "device,from,to\n"), "FILE: not a NumPy array (write it with numpy.save)");
  EXPECT_EQ(refusal("a.npy", "\x93NUMPY"), "FILE: not a NumPy array (write it with numpy.save)");
  EXPECT_EQ(refusal("a.npy", npy("{}", "", 4)),
            "FILE: NumPy's format version 4 is not known (write version 1, 2 or 3)");
  EXPECT_EQ(refusal("a.npy", npy("{'descr': '<f8'", "").substr(0, 20)),
            "FILE: ends within its header (the file was cut short: write it again)");
  EXPECT_EQ(refusal("a.npy", npy("{'descr': '<f8', 'shape': (2, 1), }", raw<double>({0, 1}))),
            "FILE: fortran_order: neither True nor False (write the file with numpy.save)");
}

TEST(BadTrace, HasAnotherTypeOrShape) {
  const auto typed = [](const std::string& type) {
    return npy("{'descr': " + type + ", 'fortran_order': False, 'shape': (2, 1), }", raw<double>({0, 1}));
  };
  const std::string types = " is not read (use little-endian float64 or float32, uint8 or bool)";
  EXPECT_EQ(refusal("a.npy", typed("'>f8'")), "FILE: dtype: \">f8\"" + types);
  EXPECT_EQ(refusal("a.npy", typed("'<i8'")), "FILE: dtype: \"<i8\"" + types);
  const std::string shapes = " (give a row for each time step and a column for each device)";
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(2,)", {0, 1})), "FILE: shape: \"(2,)\" is not that of a matrix" + shapes);
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(2, x)", {0, 1})),
            "FILE: shape: \"(2, x)\" is not that of a matrix" + shapes);
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(0, 2)", {})), "FILE: shape: (0, 2) has no cells" + shapes);
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(2, 3)", {0, 1, 0, 1, 0})),
            "FILE: shape: (2, 3) of 8 bytes each are not the 40 bytes of values (the file was cut short or changed: "
            "write it again)");
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(4294967296, 4294967296)", {0, 1})),
            "FILE: shape: (4294967296, 4294967296) of 8 bytes each are not the 16 bytes of values (the file was cut "
            "short or changed: write it again)");
}

TEST(BadTrace, HasValuesThatAreNeitherNorUnknown) {
  const std::string remedy =
      " not 0, 1 or NaN (give 1 where the device is there, 0 where it is away, NaN where nobody knows)";
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(3, 2)", {0, 1, 0, 0, nan, 0.5})),
            "FILE: row 2, column 1 (from 0) is 0.5" + remedy);
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(3, 2)", {0, 1, 0, -1, nan, INFINITY})),
            "FILE: row 1, column 1 (from 0) is -1, and so are 1 other cells," + remedy);
}

TEST(BadTrace, HasAnotherLength) {
  const auto matrix = npy_of_doubles("(3, 1)", {0, 1, 0});
  EXPECT_EQ(refusal("a.npy", matrix, {{"length", 0.7}}),
            "FILE: length: is no whole number of steps (give a multiple of the step, or 0 for the whole trace)");
  EXPECT_EQ(refusal("a.npy", matrix, {{"length", 2.0}}),
            "FILE: length: is 4 steps, and the trace has 3 (give less, or 0 for the whole trace)");
}

TEST(BadTrace, HasNobodyThere) {
  const std::string nobody = "FILE: no device is ever there (give a trace, or a length of it, in which one is)";
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(3, 2)", {0, nan, 0, 0, nan, 0})), nobody);
  EXPECT_EQ(refusal("a.npy", npy_of_doubles("(3, 1)", {0, 0, 1}), {{"length", 1.0}}), nobody);
  EXPECT_EQ(refusal("a.csv", "device,from,to\n"), nobody);
  EXPECT_EQ(refusal("a.csv", "device,from,to\nx,7200,9000\n", {{"length", 1.0}}), nobody);
}

TEST(BadTrace, HasNoHeader) {
  const std::string header =
      ": the first row is not device,from,to (begin with this header, then give an interval in seconds in each row)";
  EXPECT_EQ(refusal("a.csv", "x,0,5\n"), "FILE:1" + header);
  EXPECT_EQ(refusal("a.csv", "\n\n"), "FILE:1" + header);
}

TEST(BadTrace, HasAllItsWrongRowsNamedAtOnce) {
  const std::string seconds = " (give seconds since the trace began, such as 3600 or 12.5)";
  EXPECT_EQ(refusal("a.csv",
                    "device,from,to\n"
                    "x,0\n"
                    ",0,5\n"
                    "x,zero,5\n"
                    "x,0,nan\n"
                    "x,-3,inf\n"
                    "\n"
                    "x,0,4e9\n"
                    "x,5,5\n"
                    "x,5 ,6\n"
                    "x,,6\n"),
            "FILE:2: 2 fields instead of 3 (give device,from,to)\n"
            "FILE:3: device: is empty (name the device)\n"
            "FILE:4: from: \"zero\" is not a number" +
                seconds +
                "\n"
                "FILE:5: to: \"nan\" is not finite" +
                seconds +
                "\n"
                "FILE:6: from: -3 is negative" +
                seconds +
                "\n"
                "FILE:6: to: \"inf\" is not finite" +
                seconds +
                "\n"
                "FILE:8: to: 4e9 passes a million hours" +
                seconds +
                "\n"
                "FILE:9: to: the interval ends no later than it begins (give a later second)\n"
                "FILE:10: from: \"5 \" is not a number" +
                seconds +
                "\n"
                "FILE:11: from: \"\" is not a number" +
                seconds);
}

TEST(BadTrace, HasIntervalsThatOverlapOrGoBack) {
  const std::string remedy = " ends (give the intervals of a device in order of time, none overlapping another)";
  EXPECT_EQ(refusal("a.csv", "device,from,to\nx,0,5\ny,1,6\nx,4.5,8\ny,6,7\nx,1,2\n"),
            "FILE:4: from: the interval begins before that of line 2" + remedy +
                "\nFILE:6: from: the interval begins before that of line 4" + remedy);
}

}  // namespace
}  // namespace edgefuse::sim
