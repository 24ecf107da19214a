#pragma once

#include <array>
#include <string_view>

#include "data/metric_names.hpp"

/// The metrics that /evaluation knows, and what the tables of `edgefuse show` say of them.
namespace edgefuse::results {

enum class Better : unsigned char { higher, lower };

struct Metric {
  std::string_view name;   // as in EvaluationRow::metric
  std::string_view title;  // two lines of a table's head
  std::string_view detail;
  std::string_view meaning;
  Better better = Better::higher;
  bool is_share = true;  // in [-1, 1], shown in per cent
};

namespace metric = data::metric;

inline constexpr std::array<Metric, 5> all_metrics = {{
    {metric::accuracy, "single-domain", "% right", "share of single questions answered right"},
    {metric::composite_all, "cross-domain", "% all correct",
     "share of cross-domain prompts with every question answered right"},
    {metric::composite_each, "cross-domain", "% per question",
     "share of the questions of cross-domain prompts answered right"},
    {metric::composition_gap, "composition gap", "% points",
     "accuracy on the same questions asked alone, minus composite_each", Better::lower},
    {metric::loss, "held-out loss", "nats per token", "mean negative log-likelihood of the labels of held-out examples",
     Better::lower, false},
}};

/// Null when no metric has that name.
[[nodiscard]] constexpr const Metric* find_metric(std::string_view name) {
  for (const auto& candidate : all_metrics) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

}  // namespace edgefuse::results
