#include "app/run/between_rounds.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace edgefuse::app {
namespace {

using scenarios::BetweenRounds;
using scenarios::TrainedFactors;

class BetweenRoundsCheck {
 public:
  BetweenRoundsCheck(const scenarios::Scenario& scenario, const std::vector<Arm>& arms, Mistakes& mistakes)
      : scenario_{scenario}, arms_{arms}, mistakes_{mistakes} {}

  /// A change that is carried takes the place of the one before, so every update must have started from that one.
  void of_carrying() {
    const bool stale = scenario_.protocol.kind == "buffered" || scenario_.protocol.kind == "asynchronous";
    if (stale)
      refuse(
          "recovery.between_rounds",
          fmt::format("a change that is carried needs rounds, and protocol \"{}\" has none", scenario_.protocol.kind),
          "use \"merge\"");
    if (scenario_.compression.error_feedback && scenario_.adapter.trains == TrainedFactors::alternate)
      refuse("compression.error_feedback", "keeps an error of B that a round of A has no use for",
             "use adapter.trains = \"both\" or \"b\"");
    if (scenario_.compression.error_feedback)
      of_lasting_factors("compression.error_feedback keeps an error of factors");
    if (scenario_.adapter.trains == TrainedFactors::b || scenario_.adapter.trains == TrainedFactors::alternate)
      of_whole_ranks("adapter.trains keeps a factor as it is");
    if (keeps_late_updates(scenario_.protocol))
      of_lasting_factors("late = \"keep\" fuses changes of the factors of an earlier round");
  }

  /// Rows of A and columns of B that are carried mean in every round what they meant before.
  void of_lasting_factors(const std::string& what) {
    of_whole_ranks(what);
    of_factors_as_they_come(what);
    for (std::size_t i = 0; i < arms_.size(); ++i) {
      if (arms_[i].name != scenario_.fusion.primary) continue;
      const auto arm = fmt::format("fusion.arm[{}].", i);
      unless(arms_[i].rule->keeps_factors(), arm + "rule", what, "and this rule makes others",
             "use \"fedit\", \"hetlora\" or \"lora-fair\"");
      unless(!arms_[i].resolves, arm + "conflict", what, "and this resolver makes others", "use \"none\"");
    }
  }

  void of_whole_ranks(const std::string& what) {
    const auto& ranks = scenario_.adapter.ranks;
    unless(!ranks || ranks->back() <= scenario_.adapter.rank, "adapter.rank", what,
           "and larger ones are cut by their singular values", "set it to the largest of adapter.ranks");
  }

  void of_merging() {
    if (scenario_.compression.error_feedback)
      refuse("compression.error_feedback", "keeps an error that the next round's factors have no use for",
             "use recovery.between_rounds = \"carry\"");
    if (scenario_.compression.down.method != "none")
      refuse("compression.down.method", "is of factors that are carried, and none are",
             "use recovery.between_rounds = \"carry\", or \"none\"");
    if (scenario_.adapter.trains == TrainedFactors::alternate)
      refuse("adapter.trains",
             "\"alternate\" trains A in even rounds, and each begins with B = 0, where A has no gradient",
             "use recovery.between_rounds = \"carry\"");
    if (scenario_.adapter.start == scenarios::AdapterStart::gradient)
      refuse("adapter.start", "\"gradient\" goes into what is carried, and after a merge each round begins with B = 0",
             "use recovery.between_rounds = \"carry\"");
    if (scenario_.adapter.trains == TrainedFactors::core)
      refuse("adapter.trains", "\"core\" goes on with R, and a merge with the base alone",
             "use recovery.between_rounds = \"carry\"");
    if (scenario_.adapter.shares == scenarios::SharedFactors::a)
      refuse("adapter.shares", "\"a\" goes on with A, and a merge with the base alone",
             "use recovery.between_rounds = \"carry\"");
  }

  /// The server steps from factors, so it needs them from the first round on, and a change of them from each.
  void of_steps_of_factors() {
    const auto steps =
        fmt::format("\"{}\" makes steps of the factors that are carried", scenario_.fusion.optimiser.method);
    of_factors_alone(steps, [](const Arm& arm, const std::string&) { return arm.rule->keeps_factors(); });
    unless(scenario_.adapter.start != scenarios::AdapterStart::own, "adapter.start", steps,
           "and the first has to step from factors that all share", "use \"shared\"");
    unless(scenario_.adapter.trains != TrainedFactors::alternate, "adapter.trains", steps,
           "and moments of B would move it in rounds of A", "use \"both\" or \"b\"");
  }

  /// All changes have one B and the rows of one A, so that the mean has them too.
  void of_cores() {
    const std::string means = "adapter.trains = \"core\" means changes s·B·R·A of one B and A";
    of_factors_alone(means, [](const Arm&, const std::string& rule) { return rule == "fedit"; });
    unless(scenario_.adapter.start == scenarios::AdapterStart::gradient, "adapter.start", means,
           "and with B = 0 nothing moves R", "use \"gradient\"");
    unless(scenario_.fusion.optimiser.method == "none", "fusion.optimiser.method", means, "and a step makes others",
           "use \"none\"");
    unless(!scenario_.training.control_variates, "training.control_variates", means, "and these are of factors",
           "set it to false");
    unless(scenario_.adapter.self_pruning.decay == 1, "adapter.self_pruning.decay", means, "and R has all ranks",
           "leave it out");
  }

  /// The server has no B, and so no change of the base.
  void of_sharing_a() {
    const std::string means = "adapter.shares = \"a\" means A's";
    of_factors_alone(means, [](const Arm&, const std::string& rule) { return rule == "fedit"; });
    unless(scenario_.adapter.trains == TrainedFactors::both, "adapter.trains", means, "and every client trains both",
           "use \"both\"");
    unless(scenario_.adapter.start != scenarios::AdapterStart::gradient, "adapter.start", means,
           "and this start has a B for all", "use \"own\" or \"shared\"");
    unless(!scenario_.output.conflict, "output.conflict", means, "and the server has no changes to compare",
           "set it to false");
  }

 private:
  using FitsRule = std::function<bool(const Arm& arm, const std::string& rule)>;

  /// What is fused is factors of one shape, and nothing but factors comes of it.
  void of_factors_alone(const std::string& what, const FitsRule& fits) {
    unless(scenario_.recovery.between_rounds == BetweenRounds::carry, "recovery.between_rounds", what,
           "and leaves nothing for the base", "use \"carry\"");
    unless(!scenario_.adapter.ranks || scenario_.adapter.ranks->size() == 1, "adapter.ranks", what,
           "and these are of several shapes", "offer one rank");
    of_factors_as_they_come(what);
    for (std::size_t i = 0; i < arms_.size(); ++i) {
      const auto arm = fmt::format("fusion.arm[{}].", i);
      unless(fits(arms_[i], scenario_.fusion.arms[i].rule), arm + "rule", what, "and this rule makes others",
             "use \"fedit\"");
      unless(scenario_.fusion.arms[i].conflict == "none", arm + "conflict", what, "and this resolver makes others",
             "use \"none\"");
    }
  }

  void of_factors_as_they_come(const std::string& what) {
    unless(scenario_.recovery.method == "zero-fill", "recovery.method", what, "and this recovery makes others",
           "use \"zero-fill\"");
    unless(scenario_.recovery.retraining.steps == 0, "recovery.retraining.steps", what, "and retraining adds others",
           "set it to 0");
  }

  void unless(bool right, const std::string& key, const std::string& what, const char* why, const char* remedy) {
    if (!right) refuse(key, fmt::format("{}, {}", what, why), remedy);
  }

  void refuse(const std::string& key, std::string problem, std::string remedy) {
    mistakes_.add(scenario_.source.mistake(key, std::move(problem), std::move(remedy)));
  }

  const scenarios::Scenario& scenario_;
  const std::vector<Arm>& arms_;
  Mistakes& mistakes_;
};

}  // namespace

bool keeps_late_updates(const scenarios::Protocol& protocol) {
  const auto late = protocol.settings.find("late");
  return protocol.kind == "deadline" && late != protocol.settings.end() &&
         late->second == ParameterValue{std::string{"keep"}};
}

void check_between_rounds(const scenarios::Scenario& scenario, const std::vector<Arm>& arms, Mistakes& mistakes) {
  BetweenRoundsCheck check{scenario, arms, mistakes};
  if (scenario.recovery.between_rounds == BetweenRounds::merge) return check.of_merging();
  check.of_carrying();
  if (scenario.fusion.optimiser.method != "none") check.of_steps_of_factors();
  if (scenario.adapter.trains == TrainedFactors::core) check.of_cores();
  if (scenario.adapter.shares == scenarios::SharedFactors::a) check.of_sharing_a();
}

}  // namespace edgefuse::app
