#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sim/availability/availability.hpp"
#include "tests/sim/availability/at_hours.hpp"
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

std::unique_ptr<Availability> trace(const std::string& name, const std::string& bytes, Parameters parameters = {}) {
  parameters.emplace("path", write(scratch_folder(), name, bytes).string());
  parameters.emplace("shift", false);
  return availabilities().make("trace", parameters);
}

TEST(Trace, ReadsAMatrixStepByStep) {
  const auto model = trace("a.npy", npy_of_doubles("(6, 1)", {0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(model->presence(1, 2, at_hours(0)), away_until(0.5));
  EXPECT_EQ(model->presence(1, 2, at_hours(0.5)), there_until(1.5));
  EXPECT_EQ(model->presence(1, 2, at_hours(1.25)), there_until(1.5));
  EXPECT_EQ(model->presence(1, 2, at_hours(1.5)), away_until(2.5));
  EXPECT_EQ(model->presence(1, 2, at_hours(2.5)), there_until(3)) << "the trace begins again with 0";
  EXPECT_EQ(model->presence(1, 2, at_hours(3.75)), there_until(4.5));
}

TEST(Trace, TakesTheStepItIsGiven) {
  const auto model = trace("a.npy", npy_of_doubles("(3, 1)", {1, 0, 0}), {{"step", 120.0}});
  EXPECT_EQ(model->presence(1, 2, at_hours(0)), there_until(2));
  EXPECT_EQ(model->presence(1, 2, at_hours(2)), away_until(6));
}

TEST(Trace, TakesUnknownCellsForAwayOrHoldsWhatWasKnownLast) {
  const auto bytes = npy_of_doubles("(6, 1)", {nan, 0, nan, 1, nan, nan});
  const auto away = trace("a.npy", bytes);
  EXPECT_EQ(away->presence(1, 2, at_hours(0)), away_until(1.5));
  EXPECT_EQ(away->presence(1, 2, at_hours(1.5)), there_until(2));
  const auto held = trace("a.npy", bytes, {{"unknown", std::string{"hold"}}});
  EXPECT_EQ(held->presence(1, 2, at_hours(0)), there_until(0.5)) << "held across the end";
  EXPECT_EQ(held->presence(1, 2, at_hours(0.5)), away_until(1.5));
  EXPECT_EQ(held->presence(1, 2, at_hours(1.5)), there_until(3.5));
}

TEST(Trace, CountsOnlyTheLengthItIsGiven) {
  const auto matrix = trace("a.npy", npy_of_doubles("(4, 1)", {1, 0, 1, 1}), {{"length", 1.0}});
  EXPECT_EQ(matrix->presence(1, 2, at_hours(0.5)), away_until(1));
  EXPECT_EQ(matrix->presence(1, 2, at_hours(1)), there_until(1.5));
  const auto shorter = trace("a.csv", "device,from,to\nx,0,1800\nx,2700,7200\nx,7200,7300\n", {{"length", 1.0}});
  EXPECT_EQ(shorter->presence(1, 2, at_hours(0.5)), away_until(0.75));
  EXPECT_EQ(shorter->presence(1, 2, at_hours(0.75)), there_until(1.5));
  const auto longer = trace("a.csv", "device,from,to\nx,0,1800\n", {{"length", 2.0}});
  EXPECT_EQ(longer->presence(1, 2, at_hours(0.5)), away_until(2));
}

/// Which of the devices, each there in a row of its own, a client was dealt.
int device_of(const Availability& model, std::uint32_t client) {
  for (int row = 0; row < 3; ++row)
    if (model.presence(1, client, at_hours(0.5 * row)).there) return row;
  return -1;
}

TEST(Trace, ReadsEveryTypeOrderAndVersionAlike) {
  // 3 steps, 2 devices: the first there in row 2, the second in row 0.
  const std::vector<double> rows{0, 1, 0, 0, 1, 0};
  const std::vector<double> columns{0, 0, 1, 1, 0, 0};
  const std::vector<float> floats{0, 1, 0, 0, 1, 0};
  const std::vector<std::uint8_t> bytes{0, 1, 0, 0, 1, 0};
  const std::string c_order = "'fortran_order': False, 'shape': (3, 2), }";
  const std::string f_order = "'fortran_order': True, 'shape': (3, 2), }";
  const auto expected = trace("a.npy", npy("{'descr': '<f8', " + c_order, raw(rows)));
  std::set<int> met;
  for (std::uint32_t client = 0; client < 30; ++client)
    met.insert(device_of(*expected, client));
  EXPECT_EQ(met, (std::set<int>{0, 2})) << "both devices are dealt";

  const std::vector<std::pair<std::string, std::string>> alike{
      {"Fortran order", npy("{'descr': '<f8', " + f_order, raw(columns))},
      {"float32", npy("{'descr': '<f4', " + c_order, raw(floats))},
      {"uint8", npy("{'descr': '|u1', " + c_order, raw(bytes), 2)},
      {"bool", npy("{'descr': '|b1', " + c_order, raw(bytes), 3)}};
  for (const auto& [what, file] : alike) {
    const auto model = trace("a.npy", file);
    for (std::uint32_t client = 0; client < 30; ++client)
      EXPECT_EQ(device_of(*model, client), device_of(*expected, client)) << what << ", client " << client;
  }
}

TEST(Trace, ReadsIntervalsOfDevicesInTurn) {
  const auto model = trace("a.csv", "device,from,to\n\"a, b\",0,900\nc,1800.5,3600\n\"a, b\",900,1800\n");
  std::set<std::int64_t> ends;
  for (std::uint32_t client = 0; client < 30; ++client) {
    const auto now = model->presence(1, client, at_hours(0.25));
    ends.insert(now.there ? now.until.nanoseconds : -now.until.nanoseconds);
  }
  EXPECT_EQ(ends, (std::set<std::int64_t>{-1'800'500'000'000, 1'800'000'000'000}));
}

TEST(Trace, LetsADeviceStayAwayForEver) {
  const auto model = trace("a.npy", npy_of_doubles("(3, 2)", {0, 1, 0, 0, nan, 0}));
  int never = 0;
  for (std::uint32_t client = 0; client < 40; ++client)
    never += model->presence(1, client, at_hours(1)) == Presence{false, SimTime::never()};
  EXPECT_GT(never, 0);
  EXPECT_LT(never, 40);
}

TEST(Trace, BeginsForEachClientAtAStepOfItsOwn) {
  const auto model = trace("a.npy", npy_of_doubles("(5, 1)", {1, 0, 0, 0, 0}), {{"shift", true}});
  std::set<std::int64_t> changes;  // in steps
  for (std::uint32_t client = 0; client < 100; ++client)
    changes.insert(model->presence(1, client, at_hours(2.75)).until.nanoseconds / at_hours(0.5).nanoseconds);
  EXPECT_EQ(changes, (std::set<std::int64_t>{6, 7, 8, 9})) << "at 6 some go and some come";
}

TEST(Trace, OfIntervalsBeginsForEachClientAnywhere) {
  const auto model = trace("a.csv", "device,from,to\nx,0,10\nx,90,100\n", {{"shift", true}});
  std::set<std::int64_t> changes;
  int there = 0;
  for (std::uint32_t client = 0; client < 200; ++client) {
    const auto now = model->presence(1, client, SimTime{});
    changes.insert(now.until.nanoseconds);
    there += now.there;
  }
  EXPECT_EQ(changes.size(), 200u);
  EXPECT_NEAR(there, 40, 5 * std::sqrt(200 * 0.2 * 0.8));
}

}  // namespace
}  // namespace edgefuse::sim
