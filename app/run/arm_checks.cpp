#include "app/run/arm_checks.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "app/run/between_rounds.hpp"

namespace edgefuse::app {
namespace {

/// How many updates are fused at a time at most, where the scenario says so.
std::optional<std::size_t> most_contributions(const scenarios::Scenario& scenario) {
  const auto& protocol = scenario.protocol;
  if (protocol.kind == "asynchronous") return 1;
  if (protocol.kind == "buffered") return static_cast<std::size_t>(std::get<double>(protocol.settings.at("buffer")));
  const bool may_be_more =
      protocol.kind == "hierarchical" || keeps_late_updates(protocol) || scenario.selection.method == "poisson";
  if (may_be_more) return std::nullopt;
  return static_cast<std::size_t>(protocol.clients_per_round);
}

}  // namespace

void check_arms(const scenarios::Scenario& scenario, const Methods& methods, Mistakes& mistakes) {
  const auto refuse = [&](const std::string& key, std::string problem, std::string remedy) {
    mistakes.add(scenario.source.mistake(key, std::move(problem), std::move(remedy)));
  };
  const auto most = most_contributions(scenario);
  for (std::size_t i = 0; i < methods.arms.size(); ++i) {
    const auto& arm = methods.arms[i];
    const auto& written = scenario.fusion.arms[i];
    const auto key = fmt::format("fusion.arm[{}].", i);
    const auto dense = [&](const std::string& name) {
      return fmt::format("\"{}\" is of low-rank changes, and recovery \"{}\" makes dense ones", name,
                         scenario.recovery.method);
    };
    if (!methods.recovery->keeps_low_rank()) {
      if (arm.rule->needs_low_rank())
        refuse(key + "rule", dense(written.rule), "use recovery.method = \"zero-fill\", or a rule that takes matrices");
      if (arm.resolver->needs_low_rank())
        refuse(key + "conflict", dense(written.conflict),
               "use recovery.method = \"zero-fill\", or a resolver that takes matrices");
    }
    if (most && arm.rule->least_contributions() > *most)
      refuse(key + "rule",
             fmt::format("\"{}\" needs {} updates at a time, and {} come at most", written.rule,
                         arm.rule->least_contributions(), *most),
             "use other settings or another rule, or fuse more updates at a time");
    if (arm.rule->needs_one_rank() && scenario.adapter.ranks && scenario.adapter.ranks->size() > 1)
      refuse(key + "rule", fmt::format("\"{}\" needs one rank, and adapter.ranks offers several", written.rule),
             "use a rule that mixes ranks, \"hetlora\" or \"weighted-mean\", or offer one");
    if (scenario.protocol.kind == "hierarchical" && arm.rule->needs_one_rank() && arm.resolves)
      refuse(key + "rule",
             fmt::format("\"{}\" needs one rank, and what aggregators pass on after \"{}\" has others", written.rule,
                         written.conflict),
             "use conflict = \"none\", a rule that mixes ranks, or another protocol.kind");
    if (scenario.protocol.kind == "hierarchical" && arm.rule->needs() != server::Reveals::nothing)
      refuse(key + "rule",
             fmt::format("\"{}\" needs what clients reveal of their data, and aggregators pass on sums of changes",
                         written.rule),
             "use another rule, or another protocol.kind");
  }
}

}  // namespace edgefuse::app
