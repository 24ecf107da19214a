#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "sim/availability/availability.hpp"
#include "sim/random.hpp"
#include "tests/sim/availability/at_hours.hpp"
#include "tests/sim/availability/npy_file.hpp"
#include "tests/support/input_file.hpp"

namespace edgefuse::sim {
namespace {

struct Case {
  std::string title;
  std::string name;
  Parameters parameters;
  double span = 200;  // hours looked at
};

/// 5 steps of 7 devices, one of which is never there and one always.
std::filesystem::path small_matrix(const std::filesystem::path& folder) {
  constexpr double x = edgefuse::testing::nan;
  return edgefuse::testing::write(folder, "m.npy", edgefuse::testing::npy_of_doubles("(5, 7)", {0, 1, 1, 0, x, 0, 1,  //
                                                                                                0, 1, 0, 1, 1, x, 1,  //
                                                                                                0, 1, 1, 0, x, 0, 1,  //
                                                                                                0, 1, 0, x, 0, 1, 0,  //
                                                                                                0, 1, 1, 0, 0, x, 1}));
}

std::vector<Case> cases() {
  const auto folder = edgefuse::testing::scratch_folder();
  const auto matrix = small_matrix(folder).string();
  const auto table =
      edgefuse::testing::write(folder, "t.csv", "device,from,to\na,0,10.5\nb,3,4\na,20,21\nb,4,60\na,59.25,60\n");
  return {
      {"always", "always", {}},
      {"diurnal", "diurnal", {}},
      {"diurnal over the world", "diurnal", {{"zones", 7.0}, {"jitter", 3.0}, {"from", 9.0}, {"to", 9.1}}},
      {"diurnal with all but an instant", "diurnal", {{"from", 5.0}, {"to", 4.9999999}, {"jitter", 12.0}}},
      {"markov", "markov", {{"mean_there", 2.0}, {"mean_away", 5.0}}},
      {"markov, hardly ever there", "markov", {{"mean_there", 0.01}, {"mean_away", 40.0}}},
      {"markov, nearly always there", "markov", {{"mean_there", 3000.0}, {"mean_away", 0.01}}, 50'000},
      {"markov, fast", "markov", {{"mean_there", 0.01}, {"mean_away", 0.01}}},
      {"matrix", "trace", {{"path", matrix}}},
      {"matrix held", "trace", {{"path", matrix}, {"unknown", std::string{"hold"}}, {"step", 17.3}}},
      {"matrix from its beginning", "trace", {{"path", matrix}, {"shift", false}}},
      {"intervals", "trace", {{"path", table.string()}}, 0.1},
      {"intervals and some time after", "trace", {{"path", table.string()}, {"length", 0.02}}, 0.1},
  };
}

std::unique_ptr<Availability> made(const Case& c) {
  return availabilities().make(c.name, c.parameters);
}

SimTime somewhere(Draws& draws, const Case& c) {
  return {static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(at_hours(c.span).nanoseconds)))};
}

TEST(AvailabilityProperty, EndsAtAnInstantAtWhichTheOppositeHolds) {
  for (const auto& c : cases()) {
    const auto model = made(c);
    Draws draws{{.seed = 41}};
    for (int trial = 0; trial < 2000; ++trial) {
      const auto client = static_cast<std::uint32_t>(draws.below(500));
      const auto at = somewhere(draws, c);
      const auto now = model->presence(3, client, at);
      ASSERT_GT(now.until, at) << c.title << ", client " << client << " at " << at.nanoseconds << " ns";
      if (now.until == SimTime::never()) continue;
      const auto before = model->presence(3, client, SimTime{now.until.nanoseconds - 1});
      EXPECT_EQ(before, now) << c.title << ", client " << client << ", the tick before " << now.until.nanoseconds;
      EXPECT_NE(model->presence(3, client, now.until).there, now.there)
          << c.title << ", client " << client << " at " << now.until.nanoseconds << " ns";
    }
  }
}

TEST(AvailabilityProperty, WalkedFromChangeToChangeAgreesWithInstantsLookedUp) {
  for (const auto& c : cases()) {
    const auto model = made(c);
    Draws draws{{.seed = 42}};
    for (std::uint32_t client = 0; client < 20; ++client) {
      std::vector<SimTime> instants(200);
      for (auto& instant : instants)
        instant = somewhere(draws, c);
      std::ranges::sort(instants);
      auto now = model->presence(3, client, SimTime{});
      for (const auto instant : instants) {
        while (now.until <= instant)
          now = model->presence(3, client, now.until);
        ASSERT_EQ(model->presence(3, client, instant), now)
            << c.title << ", client " << client << " at " << instant.nanoseconds << " ns";
      }
    }
  }
}

TEST(AvailabilityProperty, DoesNotDependOnWhatWasAskedBefore) {
  for (const auto& c : cases()) {
    const auto model = made(c);
    Draws draws{{.seed = 43}};
    std::vector<std::pair<std::uint32_t, SimTime>> questions(500);
    std::vector<Presence> answers;
    for (auto& [client, at] : questions) {
      client = static_cast<std::uint32_t>(draws.below(1000));
      at = somewhere(draws, c);
      answers.push_back(model->presence(3, client, at));
    }
    const auto other = made(c);
    for (std::size_t i = questions.size(); i-- > 0;)
      EXPECT_EQ(other->presence(3, questions[i].first, questions[i].second), answers[i]) << c.title;
  }
}

TEST(AvailabilityProperty, DependsOnTheSeedWhereThereIsChance) {
  for (const auto& c : cases()) {
    const bool chance = c.title != "always" && c.title != "diurnal";
    const auto model = made(c);
    int different = 0;
    for (std::uint32_t client = 0; client < 200; ++client)
      different += !(model->presence(1, client, SimTime{}) == model->presence(2, client, SimTime{}));
    EXPECT_EQ(different > 0, chance) << c.title << ": " << different << " of 200 clients";
  }
}

/// The share of `clients` that is there at one instant.
double share_there(const Availability& model, SimTime at, std::uint32_t clients) {
  double there = 0;
  for (std::uint32_t client = 0; client < clients; ++client)
    there += model.presence(8, client, at).there;
  return there / clients;
}

TEST(AvailabilityProperty, HasTheShareOfClientsThereThatItsParametersSay) {
  const auto folder = edgefuse::testing::scratch_folder();
  const auto matrix = small_matrix(folder).string();
  struct Expected {
    Case model;
    double share;
  };
  const std::vector<Expected> expected{
      {{"markov", "markov", {{"mean_there", 2.0}, {"mean_away", 5.0}}}, 2.0 / 7},
      {{"markov, skewed", "markov", {{"mean_there", 30.0}, {"mean_away", 0.5}}}, 30 / 30.5},
      {{"diurnal", "diurnal", {{"zones", 24.0}}}, 8.0 / 24},
      {{"diurnal, jittered", "diurnal", {{"jitter", 12.0}, {"from", 20.0}, {"to", 1.0}}}, 5.0 / 24},
      {{"matrix", "trace", {{"path", matrix}}}, 15.0 / 35},
      {{"matrix held", "trace", {{"path", matrix}, {"unknown", std::string{"hold"}}}}, 17.0 / 35},
  };
  constexpr std::uint32_t clients = 50'000;
  for (const auto& [model, share] : expected)
    for (const double hour : {0.0, 7.25, 1000.5})
      EXPECT_NEAR(share_there(*made(model), at_hours(hour), clients), share,
                  5 * std::sqrt(share * (1 - share) / clients))
          << model.title << " after " << hour << " h";
}

TEST(AvailabilityProperty, OfTypeMarkovHasExponentialStaysOfTheirMeanLengths) {
  constexpr double mean_there = 2;
  constexpr double mean_away = 5;
  const auto model = availabilities().make("markov", {{"mean_there", mean_there}, {"mean_away", mean_away}});
  std::vector<double> stays[2];
  for (std::uint32_t client = 0; client < 1000; ++client) {
    auto at = model->presence(4, client, at_hours(100)).until;  // what is cut off does not count
    for (int i = 0; i < 20; ++i) {
      const auto now = model->presence(4, client, at);
      stays[now.there].push_back(now.until.since(at).value / 3600 / (now.there ? mean_there : mean_away));
      at = now.until;
    }
  }
  for (const auto& lengths : stays) {
    const auto n = static_cast<double>(lengths.size());
    double sum = 0;
    for (const double x : lengths)
      sum += x;
    EXPECT_NEAR(sum / n, 1, 5 / std::sqrt(n)) << "mean, in means";
    const double longer = static_cast<double>(std::ranges::count_if(lengths, [](double x) { return x > 1; })) / n;
    const double p = std::exp(-1.0);
    EXPECT_NEAR(longer, p, 5 * std::sqrt(p * (1 - p) / n)) << "share of those longer than the mean";
  }
}

TEST(AvailabilityProperty, OfTypeMarkovForgetsAtTheRateOfTheChain) {
  // P(there at t + s | there at t) = p + (1 - p) exp(-(a + b) s), with a = 1/2, b = 1/5 per hour and p = 2/7.
  const auto model = availabilities().make("markov", {{"mean_there", 2.0}, {"mean_away", 5.0}});
  const double p = 2.0 / 7;
  for (const double s : {0.25, 1.0, 3.0}) {
    double first = 0;
    double both = 0;
    for (std::uint32_t client = 0; client < 100'000; ++client) {
      if (!model->presence(6, client, at_hours(1.5)).there) continue;
      ++first;
      both += model->presence(6, client, at_hours(1.5 + s)).there;
    }
    const double expected = p + (1 - p) * std::exp(-0.7 * s);
    EXPECT_NEAR(both / first, expected, 5 * std::sqrt(expected * (1 - expected) / first)) << s << " h later";
  }
}

}  // namespace
}  // namespace edgefuse::sim
