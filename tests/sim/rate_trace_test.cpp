#include "sim/rate_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/error.hpp"
#include "sim/rate_step.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::sim {
namespace {

namespace fs = std::filesystem;

constexpr double step = 1.0218971486541166;  // 2^(1/32)
constexpr SimTime second{1'000'000'000};

fs::path write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file} << text;
  return file;
}
fs::path file_of(const std::string& text) {
  return write(testing::scratch_folder() / "trace", text);
}

/// What the reader says of `path`, without the folder in front.
std::string complaint(const fs::path& path, const fs::path& folder) {
  try {
    static_cast<void>(RateTraces::read(path));
  } catch (const InputError& error) {
    std::string text = error.what();
    const auto prefix = folder.string() + "/";
    for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }
  return "nothing";
}
std::string complaint_about(const std::string& text) {
  const auto file = file_of(text);
  return complaint(file, file.parent_path());
}

/// Lengths in nanoseconds and rates of the spans of one period from the first change of rate on.
std::vector<std::pair<std::int64_t, double>> spans(const RateTraces& traces, std::int64_t period) {
  std::vector<std::pair<std::int64_t, double>> found;
  SimTime at = traces.rate(1, 0, SimTime{}).until;
  const SimTime end{at.nanoseconds + period};
  while (at < end) {
    const auto [rate, until] = traces.rate(1, 0, at);
    found.emplace_back(until.nanoseconds - at.nanoseconds, rate.value);
    at = until;
  }
  EXPECT_EQ(at, end) << "the spans do not fill the period";
  std::ranges::rotate(found, std::ranges::max_element(found));
  return found;
}

TEST(RateStep, IsTheNearestPowerOfTheThirtySecondRootOfTwo) {
  EXPECT_EQ(on_a_step(1), 1);
  EXPECT_EQ(on_a_step(4096), 4096);
  EXPECT_NEAR(on_a_step(1.02), step, 1e-15);
  EXPECT_EQ(on_a_step(1.01), 1);
  for (double rate = 1e-3; rate < 1e9; rate *= 1.37)
    EXPECT_LE(std::abs(on_a_step(rate) / rate - 1), 0.011) << rate;
}

// 0.524288 Mbit/s are 65,536 bytes/s, a power of 2.

TEST(RateTraces, HoldASampleUntilTheNextAndTheLastForTheMedianGap) {
  const auto traces = RateTraces::read(file_of("10 0.524288\n12\t1.048576\r\n\n 15 0 \n16 2.097152\n"));
  ASSERT_EQ(traces.size(), 1u);
  // Gaps of 2, 3 and 1 s: the last sample holds for 2 s, and the period is 8 s.
  const auto expected = std::vector<std::pair<std::int64_t, double>>{
      {3'000'000'000, 131072}, {1'000'000'000, 0}, {2'000'000'000, 262144}, {2'000'000'000, 65536}};
  EXPECT_EQ(spans(traces, 8'000'000'000), expected);
  EXPECT_DOUBLE_EQ(traces.mean(1, 0).value, (2 * 65536 + 3 * 131072 + 2 * 262144) / 8.0);
}

TEST(RateTraces, TakeTheShorterOfTwoMiddleGaps) {
  const auto traces = RateTraces::read(file_of("0 0.524288\n1 1.048576\n5 2.097152\n"));
  EXPECT_EQ(spans(traces, 6'000'000'000).size(), 3u) << "4 s, and 1 s twice";
}

TEST(RateTraces, JoinNeighboursOfOneRateAlsoWhereTheyBeginAnew) {
  // 0.527 Mbit/s are half a percent above the step.
  const auto traces = RateTraces::read(file_of("0 0.524288\n1 1.048576\n2 1.048576\n3 0.524288\n4 0.527\n"));
  const auto expected = std::vector<std::pair<std::int64_t, double>>{{3'000'000'000, 65536}, {2'000'000'000, 131072}};
  EXPECT_EQ(spans(traces, 5'000'000'000), expected);
}

TEST(RateTraces, OfOneRateNeverChange) {
  const auto traces = RateTraces::read(file_of("0 0.524288\n7 0.525\n"));
  const auto [rate, until] = traces.rate(1, 0, SimTime{5});
  EXPECT_EQ(rate.value, 65536);
  EXPECT_EQ(until, SimTime::never());
  EXPECT_EQ(traces.mean(1, 0).value, 65536);
}

TEST(RateTraces, HoldUntilTheEndOfTime) {
  const auto traces = RateTraces::read(file_of("0 0.524288\n7 1\n"));
  EXPECT_EQ(traces.rate(1, 0, SimTime{SimTime::never().nanoseconds - 1}).until, SimTime::never());
}

TEST(RateTraces, CallLessThanAByteASecondNothing) {
  const auto traces = RateTraces::read(file_of("0 0.524288\n1 0.0000079\n"));
  const auto [length, rate] = spans(traces, 2'000'000'000).back();
  EXPECT_EQ(rate, 0);
  EXPECT_EQ(length, second.nanoseconds);
}

TEST(RateTraces, AreAllFilesOfAFolderButThoseAboutThem) {
  const auto folder = testing::scratch_folder();
  write(folder / "b" / "one", "0 0.524288\n1 0.524288\n");
  write(folder / "a" / "two", "0 1.048576\n1 1.048576\n");
  write(folder / "three.log", "0 2.097152\n1 2.097152\n");
  for (const auto* name : {"README.md", "LICENSE", "b/README", ".hidden"})
    write(folder / name, "all rights reserved\n");
  const auto traces = RateTraces::read(folder);
  EXPECT_EQ(traces.size(), 3u);
  std::map<double, int> dealt;
  for (std::uint32_t client = 0; client < 300; ++client)
    ++dealt[traces.mean(5, client).value];
  ASSERT_EQ(dealt.size(), 3u);
  for (const auto& [rate, clients] : dealt)
    EXPECT_NEAR(clients, 100, 30) << "clients with " << rate << " bytes/s";
}

TEST(RateTraces, RefuseLinesThatAreNoSamplesAndNameThemAll) {
  EXPECT_EQ(complaint_about("0 1\none two\n1\n2 3 4\n5 6x\n6 1\n"),
            "trace:2: is not two numbers (write seconds, a space or tab, and Mbit/s)\n"
            "trace:3: is not two numbers (write seconds, a space or tab, and Mbit/s)\n"
            "trace:4: is not two numbers (write seconds, a space or tab, and Mbit/s)\n"
            "trace:5: is not two numbers (write seconds, a space or tab, and Mbit/s)");
}

TEST(RateTraces, RefuseNumbersThatAreNoTimeOrNoRate) {
  EXPECT_EQ(complaint_about("0 nan\n1 inf\n2 -1\n3 1e999\n-1 -2\n5 1e9\n1e10 1\n"),
            "trace:1: the rate nan is not possible (give Mbit/s from 0 to 1e9)\n"
            "trace:2: the rate inf is not possible (give Mbit/s from 0 to 1e9)\n"
            "trace:3: the rate -1 is not possible (give Mbit/s from 0 to 1e9)\n"
            "trace:4: the rate 1e999 is not possible (give Mbit/s from 0 to 1e9)\n"
            "trace:5: the time -1 is not possible (give seconds from 0 to 1e9)\n"
            "trace:5: the rate -2 is not possible (give Mbit/s from 0 to 1e9)\n"
            "trace:7: the time 1e10 is not possible (give seconds from 0 to 1e9)");
}

TEST(RateTraces, RefuseTimesThatDoNotRise) {
  EXPECT_EQ(complaint_about("0 1\n2.5 1\n2.5 1\n1 1\n3 1\n3.0000000001 1\n"),
            "trace:3: the time 2.5 does not rise (give one after 2.5 s)\n"
            "trace:4: the time 1 does not rise (give one after 2.5 s)\n"
            "trace:6: the time 3.0000000001 does not rise (give one after 3 s)");
}

TEST(RateTraces, RefuseTracesThatSayTooLittle) {
  EXPECT_EQ(complaint_about(""), "trace: has 0 samples (a trace needs two at least)");
  EXPECT_EQ(complaint_about("3 1\n"), "trace: has 1 sample (a trace needs two at least)");
  EXPECT_EQ(complaint_about("3 0\n4 0\n"),
            "trace: every rate is 0 (leave the file out, or give a rate of 8 bit/s or more)");
}

TEST(RateTraces, RefuseAllBadFilesOfAFolderAtOnce) {
  const auto folder = testing::scratch_folder();
  write(folder / "good", "0 1\n1 1\n");
  write(folder / "none", "");
  write(folder / "bad", "x\n");
  EXPECT_EQ(complaint(folder, folder),
            "bad:1: is not two numbers (write seconds, a space or tab, and Mbit/s)\n"
            "none: has 0 samples (a trace needs two at least)");
}

TEST(RateTraces, RefusePathsWithoutTraces) {
  const auto folder = testing::scratch_folder();
  EXPECT_EQ(complaint(folder / "nowhere", folder), "nowhere: no such file or folder (check the path)");
  write(folder / "about" / "README", "0 1\n1 1\n");
  EXPECT_EQ(complaint(folder / "about", folder),
            "about: holds no traces (put files with lines of seconds and Mbit/s there)");
}

}  // namespace
}  // namespace edgefuse::sim
