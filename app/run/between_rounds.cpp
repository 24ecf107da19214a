#include "app/run/between_rounds.hpp"

#include <cstddef>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace edgefuse::app {
namespace {

using scenarios::BetweenRounds;

class BetweenRoundsCheck {
 public:
  BetweenRoundsCheck(const scenarios::Scenario& scenario, Mistakes& mistakes)
      : scenario_{scenario}, mistakes_{mistakes} {}

  /// A change that is carried takes the place of the one before, so every update must have started from that one.
  void of_carrying() {
    const bool stale = scenario_.protocol.kind == "buffered" || scenario_.protocol.kind == "asynchronous";
    if (stale)
      refuse(
          "recovery.between_rounds",
          fmt::format("a change that is carried needs rounds, and protocol \"{}\" has none", scenario_.protocol.kind),
          "use \"merge\"");
    if (scenario_.compression.error_feedback && scenario_.adapter.trains == scenarios::TrainedFactors::alternate)
      refuse("compression.error_feedback", "keeps an error of B that a round of A has no use for",
             "use adapter.trains = \"both\" or \"b\"");
  }

  void of_merging() {
    if (scenario_.compression.error_feedback)
      refuse("compression.error_feedback", "keeps an error that the next round's factors have no use for",
             "use recovery.between_rounds = \"carry\"");
    if (scenario_.compression.down.method != "none")
      refuse("compression.down.method", "is of factors that are carried, and none are",
             "use recovery.between_rounds = \"carry\", or \"none\"");
    if (scenario_.adapter.trains == scenarios::TrainedFactors::alternate)
      refuse("adapter.trains",
             "\"alternate\" trains A in even rounds, and each begins with B = 0, where A has no gradient",
             "use recovery.between_rounds = \"carry\"");
  }

  /// A server optimiser that steps from factors needs them from the first round on, in one shape, and a change of them.
  void of_steps_of_factors(const std::vector<Arm>& arms) {
    const auto steps =
        fmt::format("\"{}\" makes steps of the factors that are carried", scenario_.fusion.optimiser.method);
    const auto unless = [&](bool right, const std::string& key, const char* why, const char* remedy) {
      if (!right)
        refuse(key, fmt::format("{}, {}", steps, why), fmt::format("{}, or between_rounds = \"merge\"", remedy));
    };
    unless(scenario_.recovery.between_rounds == BetweenRounds::carry, "recovery.between_rounds",
           "and none is left for the base", "use \"carry\"");
    unless(scenario_.adapter.start == scenarios::AdapterStart::shared, "adapter.start",
           "and the first has to step from factors that all share", "use \"shared\"");
    unless(scenario_.adapter.trains != scenarios::TrainedFactors::alternate, "adapter.trains",
           "and moments of B would move it in rounds of A", "use \"both\" or \"b\"");
    unless(!scenario_.adapter.ranks || scenario_.adapter.ranks->size() == 1, "adapter.ranks",
           "and these are of several shapes", "offer one rank");
    unless(scenario_.recovery.method == "zero-fill", "recovery.method", "and this one changes them",
           "use \"zero-fill\"");
    unless(scenario_.recovery.retraining.steps == 0, "recovery.retraining.steps", "and retraining adds others",
           "set it to 0");
    for (std::size_t i = 0; i < arms.size(); ++i) {
      const auto arm = fmt::format("fusion.arm[{}].", i);
      unless(arms[i].rule->keeps_factors(), arm + "rule", "and this rule makes others", "use \"fedit\"");
      unless(scenario_.fusion.arms[i].conflict == "none", arm + "conflict", "and this resolver makes others",
             "use \"none\"");
    }
  }

 private:
  void refuse(const std::string& key, std::string problem, std::string remedy) {
    mistakes_.add(scenario_.source.mistake(key, std::move(problem), std::move(remedy)));
  }

  const scenarios::Scenario& scenario_;
  Mistakes& mistakes_;
};

}  // namespace

void check_between_rounds(const scenarios::Scenario& scenario, const std::vector<Arm>& arms, Mistakes& mistakes) {
  BetweenRoundsCheck check{scenario, mistakes};
  if (scenario.recovery.between_rounds == BetweenRounds::merge) return check.of_merging();
  check.of_carrying();
  if (scenario.fusion.optimiser.method != "none") check.of_steps_of_factors(arms);
}

}  // namespace edgefuse::app
