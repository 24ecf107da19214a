#pragma once

#include <array>
#include <string_view>

/// The metrics that /evaluation knows, and what the tables of `edgefuse show` say of them.
namespace edgefuse::results {

enum class Better : unsigned char { higher, lower };

struct Metric {
  std::string_view name;   // as in EvaluationRow::metric
  std::string_view title;  // as a table's column
  std::string_view meaning;
  Better better = Better::higher;
  bool is_share = true;  // in [0, 1], shown in per cent
};

namespace metric {
inline constexpr std::string_view accuracy = "accuracy";
inline constexpr std::string_view composite_all = "composite_all";
inline constexpr std::string_view composite_each = "composite_each";
inline constexpr std::string_view composition_gap = "composition_gap";
inline constexpr std::string_view loss = "loss";
}  // namespace metric

inline constexpr std::array<Metric, 5> all_metrics = {{
    {metric::accuracy, "single-domain", "share of single questions answered right"},
    {metric::composite_all, "all correct", "share of cross-domain prompts with every question answered right"},
    {metric::composite_each, "per question", "share of the questions of cross-domain prompts answered right"},
    {metric::composition_gap, "gap", "accuracy on the same questions asked alone minus composite_each", Better::lower},
    {metric::loss, "held-out loss", "mean negative log-likelihood of held-out labels, in nats per token", Better::lower,
     false},
}};

/// Null when no metric has that name.
[[nodiscard]] constexpr const Metric* find_metric(std::string_view name) {
  for (const auto& candidate : all_metrics) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

}  // namespace edgefuse::results
