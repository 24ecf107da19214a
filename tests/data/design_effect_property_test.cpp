#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/bootstrap.hpp"
#include "data/composer.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

using Facts = std::vector<std::vector<std::size_t>>;

/// Composites over a world of 8 domains, asked of someone whose answers `right` decides: of (world, fact), and of a
/// stream of its own for every single question.
struct Simulated {
  std::size_t facts_per_domain = 32;
  int k = 2;
  std::int64_t instances = 300;
  std::function<bool(double trait_of_fact, double luck)> right;
};

struct Sample {
  std::vector<double> values;
  Facts facts;
};

/// Every fact is asked in two phrasings, as in atlas. The value of an instance: are all its questions right?
Sample sample(const Simulated& simulated, std::uint32_t world) {
  std::vector<Question> questions;
  std::vector<double> traits;
  sim::Draws draws{{.seed = 11, .round = world}};
  for (std::size_t fact = 0; fact < 8 * simulated.facts_per_domain; ++fact) {
    traits.push_back(draws.uniform());
    const auto number = std::to_string(fact);
    const auto domain = std::to_string(fact / simulated.facts_per_domain);
    for (const char* phrasing : {"a", "b"})
      questions.push_back(
          {.id = number + phrasing, .domain = domain, .text = number, .choices = {}, .answer = 0, .fact = number});
  }
  Sample made;
  for (const auto& composite :
       compose(questions, {.k = simulated.k, .count = simulated.instances, .seed = 1000 + world})) {
    bool all_right = true;
    auto& facts = made.facts.emplace_back();
    for (const auto& part : composite.parts) {
      facts.push_back(std::stoul(part.fact));
      if (!simulated.right(traits[facts.back()], draws.uniform())) all_right = false;
    }
    made.values.push_back(all_right ? 1 : 0);
  }
  return made;
}

/// Mean widths of 95 % intervals over many worlds, relative to the width that the spread of the means over the worlds
/// calls for.
struct Widths {
  double independent = 0;
  double related = 0;
  double coverage = 0;  // of the related ones
};

Widths widths(const Simulated& simulated) {
  constexpr std::uint32_t worlds = 200;
  std::vector<Interval> intervals;
  Widths sums;
  double mean = 0;
  for (std::uint32_t world = 0; world < worlds; ++world) {
    const auto [values, facts] = sample(simulated, world);
    const BootstrapOptions options{.seed = world, .resamples = 300};
    const auto plain = bootstrap_mean(values, options);
    intervals.push_back(bootstrap_related_mean(values, facts, options));
    sums.independent += (plain.high - plain.low) / worlds;
    sums.related += (intervals.back().high - intervals.back().low) / worlds;
    mean += plain.value / worlds;
  }
  double variance = 0;
  for (const auto& interval : intervals) {
    variance += (interval.value - mean) * (interval.value - mean) / (worlds - 1);
    sums.coverage += interval.low <= mean && mean <= interval.high ? 1.0 / worlds : 0;
  }
  const double called_for = 2 * 1.96 * std::sqrt(variance);
  return {sums.independent / called_for, sums.related / called_for, sums.coverage};
}

// 200 worlds give the spread to 5 %; seeds are fixed, so these pass always or never.

TEST(DesignEffect, WidensIntervalsToTheTruthWhereFactsAreKnownOrNot) {
  const Simulated known_or_guessed{.right = [](double trait, double luck) { return trait < 0.6 || luck < 0.25; }};
  const auto found = widths(known_or_guessed);
  EXPECT_LT(found.independent, 0.82) << "the plain bootstrap is too sure of itself";
  EXPECT_NEAR(found.related, 1, 0.1);
  EXPECT_NEAR(found.coverage, 0.95, 0.035);
}

TEST(DesignEffect, WidensIntervalsToTheTruthForPromptsOfFourQuestions) {
  const Simulated known_or_guessed{.k = 4,
                                   .right = [](double trait, double luck) { return trait < 0.8 || luck < 0.25; }};
  const auto found = widths(known_or_guessed);
  EXPECT_LT(found.independent, 0.65);
  EXPECT_NEAR(found.related, 1, 0.1);
  EXPECT_NEAR(found.coverage, 0.95, 0.035);
}

TEST(DesignEffect, HardlyChangesIntervalsWhereFactsPlayNoRole) {
  for (const int k : {2, 4}) {
    const auto found = widths({.k = k, .right = [](double, double luck) { return luck < 0.7; }});
    EXPECT_NEAR(found.related / found.independent, 1, 0.06) << k;
    EXPECT_NEAR(found.related, 1, 0.1) << k;
  }
}

TEST(DesignEffect, HardlyChangesIntervalsWhereFactsSeldomComeTwice) {
  const auto found =
      widths({.facts_per_domain = 600, .right = [](double trait, double luck) { return trait < 0.6 || luck < 0.25; }});
  EXPECT_NEAR(found.related / found.independent, 1, 0.04);
}

}  // namespace
}  // namespace edgefuse::data
