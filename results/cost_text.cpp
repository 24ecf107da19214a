#include "results/cost_text.hpp"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "results/plural.hpp"
#include "sim/quantity_text.hpp"

namespace edgefuse::results {
namespace {

/// "48 picked: 46 returned, 2 sat out".
std::string outcomes(const Summary& summary) {
  auto text = fmt::format("{} in the fleet, {} picked: {} returned", summary.clients, summary.started + summary.sat_out,
                          summary.returned);
  const auto add = [&](std::int64_t count, std::string_view what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(summary.lost, "lost");
  add(summary.late, "late");
  add(summary.refused, "refused");
  add(summary.sat_out, "sat out");
  return text;
}

/// "24 at ratio 0, 12 at 0.5; rank 8", and a line "30 of rank 4, 6 of rank 8" where ranks differ; nothing when nobody
/// knows.
std::string ratios(const Summary& summary) {
  std::map<double, std::int64_t> at_ratio;
  std::map<std::int64_t, std::int64_t> with_rank;
  for (const auto& [at, trained] : summary.ratios) {
    at_ratio[at.first] += trained.clients;
    with_rank[at.second] += trained.clients;
  }
  if (at_ratio.empty()) return "";
  std::string text;
  for (const auto& [ratio, clients] : at_ratio)
    text += text.empty() ? fmt::format("pruning       {} at ratio {}", clients, ratio)
                         : fmt::format(", {} at {}", clients, ratio);
  if (with_rank.size() == 1) return text + fmt::format("; rank {}\n", with_rank.begin()->first);
  const char* before = "\nadapters      ";
  for (const auto& [rank, clients] : with_rank) {
    text += fmt::format("{}{} of rank {}", before, clients, rank);
    before = ", ";
  }
  return text + "\n";
}

/// "lost: 3 crashed, 2 left", or nothing when all came to something.
std::string fates(const Summary& summary) {
  std::string text;
  for (const auto& [fate, count] : summary.fates)
    text += fmt::format("{}{} {}", text.empty() ? "not fused     " : ", ", count, fate);
  return text.empty() ? text : text + "\n";
}

/// How evenly, where not everybody was fused as often as everybody else.
std::string evenness(const Summary& summary) {
  std::string text;
  if (summary.staleness > 0) text += fmt::format("staleness     {:.2f} versions on the average\n", summary.staleness);
  if (!summary.fairness || summary.fairness->jain > 1 - 1e-9) return text;
  text += fmt::format("fairness      Jain's index {:.2f}, {} never fused\n", summary.fairness->jain,
                      plural(summary.fairness->never_fused, "client"));
  if (summary.fairness->classes.size() < 2) return text;
  std::string classes;
  for (const auto& share : summary.fairness->classes)
    classes += fmt::format("{}{} of {} from {}", classes.empty() ? "fused         " : ", ", share.fused, share.started,
                           share.device);
  return text + classes + "\n";
}

std::string footprint(const Summary& summary) {
  auto text = sim::to_text(summary.energy);
  if (summary.carbon > 0) text += fmt::format(", {:.3g} g CO2e", summary.carbon);
  if (summary.cost > 0) text += fmt::format(", {:.3g} of money", summary.cost);
  return text;
}

std::string traffic(const Summary& summary) {
  auto text = fmt::format("{} up, {} down", sim::to_text(summary.bytes_up), sim::to_text(summary.bytes_down));
  if (summary.wasted > Bytes{}) text += fmt::format(", {} of it for nothing", sim::to_text(summary.wasted));
  const auto differs = [](Bytes x, Bytes y) { return std::abs(x.value - y.value) > 1e-9 * y.value; };
  const bool known = summary.server_up + summary.server_down > Bytes{};  // files before 1.2 do not say
  if (known && (differs(summary.server_up, summary.bytes_up) || differs(summary.server_down, summary.bytes_down)))
    text += fmt::format("\nserver's link {} in, {} out", sim::to_text(summary.server_up),
                        sim::to_text(summary.server_down));
  return text;
}

}  // namespace

std::string cost_text(const Summary& summary) {
  return fmt::format("virtual time  {}, {}\nclients       {}\n{}{}{}traffic       {}\nenergy        {}\n",
                     sim::to_text(summary.virtual_time.since_start()), plural(summary.versions, "version"),
                     outcomes(summary), fates(summary), evenness(summary), ratios(summary), traffic(summary),
                     footprint(summary));
}

}  // namespace edgefuse::results
