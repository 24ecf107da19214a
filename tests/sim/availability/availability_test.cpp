#include "sim/availability/availability.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/availability/at_hours.hpp"
#include "tests/support/input_file.hpp"

namespace edgefuse::sim {
namespace {

using edgefuse::testing::mistakes_of;

/// The text of everything that is wrong with a model's parameters.
std::string refusal(std::string_view name, const Parameters& given) {
  std::string text;
  for (const auto& mistake : mistakes_of([&] { return availabilities().make(name, given); }))
    text += (text.empty() ? "" : "\n") + mistake.text();
  return text;
}

TEST(Availability, OfTypeAlwaysNeverEnds) {
  const auto always = availabilities().make("always");
  EXPECT_EQ(always->presence(1, 2, at_hours(3)), (Presence{true, SimTime::never()}));
}

TEST(Availability, OfTypeDiurnalIsAtNightUnlessToldOtherwise) {
  const auto night = availabilities().make("diurnal");
  EXPECT_EQ(night->presence(1, 2, at_hours(0)), there_until(6)) << "time begins at midnight";
  EXPECT_EQ(night->presence(1, 2, at_hours(6)), away_until(22));
  EXPECT_EQ(night->presence(1, 2, at_hours(21.5)), away_until(22));
  EXPECT_EQ(night->presence(1, 2, at_hours(22)), there_until(30));
  EXPECT_EQ(night->presence(1, 2, at_hours(24 * 365 + 7)), away_until(24 * 365 + 22));
}

TEST(Availability, OfTypeDiurnalMayLieWithinOneDay) {
  const auto lunch = availabilities().make("diurnal", {{"from", 12.5}, {"to", 13.25}});
  EXPECT_EQ(lunch->presence(1, 2, at_hours(0)), away_until(12.5));
  EXPECT_EQ(lunch->presence(1, 2, at_hours(13)), there_until(13.25));
  EXPECT_EQ(lunch->presence(1, 2, at_hours(13.25)), away_until(36.5));
}

TEST(Availability, OfTypeDiurnalMayLastAllDay) {
  const auto all_day = availabilities().make("diurnal", {{"from", 0.0}, {"to", 24.0}, {"zones", 3.0}});
  EXPECT_EQ(all_day->presence(1, 2, at_hours(5)), (Presence{true, SimTime::never()}));
}

TEST(Availability, OfTypeDiurnalComesAtTheHoursOfItsZones) {
  const auto world = availabilities().make("diurnal", {{"from", 3.0}, {"to", 4.0}, {"zones", 3.0}});
  std::set<std::int64_t> comes;  // in hours
  for (std::uint32_t client = 0; client < 100; ++client)
    comes.insert(world->presence(1, client, at_hours(6)).until.nanoseconds / at_hours(1).nanoseconds);
  EXPECT_EQ(comes, (std::set<std::int64_t>{11, 19, 27})) << "it is 3:00 eight hours apart";
}

TEST(Availability, OfTypeDiurnalShiftsEachWindowByItsJitterAtMost) {
  const auto model = availabilities().make("diurnal", {{"from", 12.0}, {"to", 13.0}, {"jitter", 2.0}});
  double earliest = 24;
  double latest = 0;
  for (std::uint32_t client = 0; client < 1000; ++client) {
    const auto first = model->presence(1, client, at_hours(0));
    ASSERT_FALSE(first.there);
    const double hour = first.until.since_start().value / 3600;
    earliest = std::min(earliest, hour);
    latest = std::max(latest, hour);
    EXPECT_EQ(model->presence(1, client, first.until).until.nanoseconds - first.until.nanoseconds, 3'600'000'000'000);
  }
  EXPECT_GT(earliest, 10);
  EXPECT_LT(earliest, 10.05);
  EXPECT_GT(latest, 13.95);
  EXPECT_LT(latest, 14);
}

TEST(Availability, DealsTheSameJitterWhateverTheZones) {
  const auto here = availabilities().make("diurnal", {{"jitter", 1.0}});
  const auto world = availabilities().make("diurnal", {{"jitter", 1.0}, {"zones", 24.0}});
  for (std::uint32_t client = 0; client < 50; ++client) {
    const auto a = here->presence(1, client, at_hours(30)).until.nanoseconds;
    const auto b = world->presence(1, client, at_hours(30)).until.nanoseconds;
    EXPECT_EQ((a - b) % 3'600'000'000'000, 0) << "client " << client;
  }
}

TEST(Availability, RefusesAWindowWithoutLength) {
  EXPECT_EQ(refusal("diurnal", {{"from", 7.0}, {"to", 7.0}}),
            "to: the window ends at the hour it begins, so nobody is ever there (give another hour, or from = 0 and "
            "to = 24 for the whole day)");
  EXPECT_NE(refusal("diurnal", {{"from", 24.0}, {"to", 0.0}}), "") << "24:00 is 0:00";
}

TEST(Availability, RefusesParametersThatMeanNothing) {
  EXPECT_EQ(refusal("diurnal", {{"from", 25.0}, {"zones", 1.5}}),
            "from: 25 is not possible (give a number from 0 to 24)\n"
            "zones: 1.5 is not possible (give a whole number from 1 to 1440)");
  EXPECT_EQ(refusal("markov", {{"mean_there", 0.0}, {"mean_away", -1.0}}),
            "mean_away: -1 is not possible (give a number from 0.01 to 1e+06)\n"
            "mean_there: 0 is not possible (give a number from 0.01 to 1e+06)");
  EXPECT_EQ(refusal("trace", {}), "path: is missing (name the trace, a .npy or a .csv file)");
  EXPECT_EQ(
      refusal("markow", {}),
      "unknown model of availability \"markow\" (did you mean \"markov\"? known: always, diurnal, markov, trace)");
}

}  // namespace
}  // namespace edgefuse::sim
