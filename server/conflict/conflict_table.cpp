#include "server/conflict/conflict_table.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sim/expects.hpp"
#include "sim/text_width.hpp"

namespace edgefuse::server {
namespace {

constexpr std::size_t longest_name = 24;
constexpr std::string_view none = "–";

using Cells = std::array<std::string, 7>;
const Cells head = {"module", "changes", "cosine", "most opposed", "unlike signs", "excess", "cancelled"};

constexpr std::string_view legend =
    "cosine: mean over the pairs of adapters, 0 for unrelated changes. most opposed: the pair whose cosine is lowest.\n"
    "unlike signs: share of the entries that two adapters at least change, without unanimous sign; excess: how much "
    "more\n"
    "than independent changes would have, 1 - 2^(1-K) for K of them. cancelled: 1 - |sum of changes| / sum of "
    "|changes|.\n";

bool is_left_aligned(std::size_t column) {
  return column == 0 || column == 3;
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

/// A share of -0.04 % is shown as 0, not as -0.
std::string signed_percent(double share) {
  return std::abs(share) < 0.0005 ? "0.0 %" : fmt::format("{:+.1f} %", 100 * share);
}

std::string signed_cosine(double cosine) {
  return std::abs(cosine) < 0.0005 ? "0.000" : fmt::format("{:+.3f}", cosine);
}

std::string opposed(const std::vector<PairDiagnostics>& pairs, std::span<const std::string> names) {
  const auto* worst = worst_pair(pairs);
  if (worst == nullptr) return std::string{none};
  EDGEFUSE_EXPECTS(worst->second < names.size(), "every contribution has a name");
  return fmt::format("{:>6} {} × {}", signed_cosine(worst->cosine), shortened(names[worst->first], longest_name),
                     shortened(names[worst->second], longest_name));
}

template <class Figures>
Cells cells(std::string name, std::size_t changes, const Figures& of, std::span<const std::string> names) {
  return {std::move(name),
          fmt::format("{}", changes),
          of.pairs.empty() ? std::string{none} : signed_cosine(of.mean_cosine),
          opposed(of.pairs, names),
          of.contested > 0 ? percent(of.disagreement) : std::string{none},
          of.contested > 0 ? signed_percent(of.excess) : std::string{none},
          of.entries > 0 ? percent(of.cancelled_mass) : std::string{none}};
}

std::string line(const Cells& row, const std::array<std::size_t, 7>& widths) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column) {
    if (column > 0) text += "  ";
    text += is_left_aligned(column) ? left_aligned(row[column], widths[column])
                                    : right_aligned(row[column], widths[column]);
  }
  return text + "\n";
}

}  // namespace

std::string conflict_table(std::span<const ModuleDiagnostics> modules, const ConflictSummary& summary,
                           std::span<const std::string> names) {
  std::vector<Cells> rows;
  for (const auto& module : modules)
    rows.push_back(cells(module.module.name(), module.changes, module, names));
  rows.push_back(cells("all modules", summary.contributions, summary, names));

  std::array<std::size_t, 7> widths{};
  std::size_t across = 2 * (widths.size() - 1);
  for (std::size_t column = 0; column < widths.size(); ++column) {
    widths[column] = text_width(head[column]);
    for (const auto& row : rows)
      widths[column] = std::max(widths[column], text_width(row[column]));
    across += widths[column];
  }
  const auto rule = ruled_line(across) + "\n";
  auto text = line(head, widths) + rule;
  for (std::size_t i = 0; i + 1 < rows.size(); ++i)
    text += line(rows[i], widths);
  return text + rule + line(rows.back(), widths) + "\n" + std::string{legend};
}

}  // namespace edgefuse::server
