#include "app/fuse/outcome.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgefuse::app {
namespace {

using nlohmann::ordered_json;

/// JSON has no infinity.
ordered_json number(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

/// The modules of one projection in all layers, told in a line.
struct Row {
  std::int64_t layers = 0;
  llm::MatrixShape shape;
  std::int64_t largest_rank = -1;  // none is factors
  double squared_norm = 0;
  double worst_error = 0;
  double worst_lost = 0;

  void add(const FusedModule& module) {
    ++layers;
    shape = module.shape;
    largest_rank = std::max(largest_rank, module.rank.value_or(-1));
    squared_norm += module.norm * module.norm;
    worst_error = std::max(worst_error, module.error);
    worst_lost = std::max(worst_lost, module.lost);
  }
};

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.3g} %", 100 * share) : "no mean to compare with";
}

std::string table(const FusionOutcome& outcome) {
  std::map<llm::Projection, Row> rows;
  for (const auto& module : outcome.modules)
    rows[module.id.projection].add(module);
  std::string text = fmt::format("{:<10}  {:>6}  {:>13}  {:>5}  {:>10}  {:>14}  {:>9}\n", "module", "layers",
                                 "out x in", "rank", "norm", "off the mean", "cut off");
  for (const auto& [projection, row] : rows)
    text += fmt::format("{:<10}  {:>6}  {:>13}  {:>5}  {:>10.4g}  {:>14}  {:>9}\n", llm::projection_name(projection),
                        row.layers, fmt::format("{} x {}", row.shape.out, row.shape.in),
                        row.largest_rank < 0 ? "full" : fmt::format("{}", row.largest_rank),
                        std::sqrt(row.squared_norm), percent(row.worst_error), percent(row.worst_lost));
  return text;
}

}  // namespace

double FusionOutcome::lost_share() const {
  return lost > 0 ? lost / std::hypot(lost, error.of_fused()) : 0;
}

ordered_json json_of(const FusionOutcome& outcome, const std::string& out) {
  auto adapters = ordered_json::array();
  for (const auto& adapter : outcome.adapters)
    adapters.push_back(
        {{"name", adapter.name}, {"weight", adapter.weight}, {"rank", adapter.rank}, {"scale", adapter.scale}});
  auto modules = ordered_json::array();
  for (const auto& module : outcome.modules)
    modules.push_back({{"module", module.id.name()},
                       {"shape", {module.shape.out, module.shape.in}},
                       {"rank", module.rank ? ordered_json(*module.rank) : ordered_json(nullptr)},
                       {"norm", module.norm},
                       {"aggregation_error", number(module.error)},
                       {"truncation_loss", module.lost}});
  return {{"method", outcome.method},
          {"conflict", outcome.conflict},
          {"adapters", std::move(adapters)},
          {"norm", outcome.error.of_fused()},
          {"mean_norm", outcome.error.of_mean()},
          {"aggregation_error", number(outcome.error.relative())},
          {"truncation_loss", outcome.lost_share()},
          {"modules", std::move(modules)},
          {"output", outcome.output},
          {"out", out}};
}

std::string text_of(const FusionOutcome& outcome, const std::string& out) {
  auto text = fmt::format("{} adapters fused by {}", outcome.adapters.size(), outcome.method);
  if (outcome.conflict != "none") text += fmt::format(" after {}", outcome.conflict);
  text += "\n\n" + table(outcome) + "\n";
  text += fmt::format("‖fused‖ {:.4g}, ‖weighted mean‖ {:.4g}; off the mean by {}\n", outcome.error.of_fused(),
                      outcome.error.of_mean(), percent(outcome.error.relative()));
  if (constexpr double rounding = 1e-6; outcome.lost_share() > rounding)
    text += fmt::format("cutting to the rank took away {} of the change (--output dense keeps all)\n",
                        percent(outcome.lost_share()));
  return text + fmt::format("saved as {} in {}\n", outcome.output, out);
}

}  // namespace edgefuse::app
