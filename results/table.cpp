#include "results/table.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "results/cost_text.hpp"
#include "results/metrics.hpp"
#include "results/plural.hpp"
#include "sim/text_width.hpp"

namespace edgefuse::results {
namespace {

constexpr std::size_t terminal = 100;
constexpr std::size_t most_columns = 4;  // what is left takes names of 18
constexpr std::string_view worse = "▼";
constexpr std::string_view guessing = "≈";
constexpr std::string_view adapter_prefix = "adapter:";

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

/// Both intervals lie apart, and the row's on the bad side: a point estimate alone says nothing.
bool is_clearly_worse(const EvaluationRow& row, const EvaluationRow& base, const Metric& metric) {
  return metric.better == Better::higher ? row.high < base.low : row.low > base.high;
}

/// One column of figures: a metric over all domains, or over an adapter's own domain.
struct Figures {
  Metric metric;
  bool own_domain = false;
};

/// Columns on the screen, a space at the end included.
std::size_t width_of(const Figures& column) {
  constexpr std::string_view longest_share = "100.0 [99.1 100.0]▼ ";
  constexpr std::string_view longest_loss = "10.123 [9.123 11.123]▼ ";
  return text_width(column.metric.is_share ? longest_share : longest_loss);
}

std::size_t width_of(std::span<const Figures> columns) {
  std::size_t sum = 0;
  for (const auto& column : columns)
    sum += width_of(column);
  return sum;
}

/// What the marks and the last lines need to know of all cells.
struct Remarks {
  bool worse_than_base = false;
  std::vector<std::string> chances;  // what guessing gives, of each metric that has a figure like it

  void add(std::string chance) {
    if (std::find(chances.begin(), chances.end(), chance) == chances.end()) chances.push_back(std::move(chance));
  }
};

class Table {
 public:
  explicit Table(const std::vector<EvaluationRow>& rows) : rows_{rows} {
    for (const auto& row : rows) {
      if (std::find(models_.begin(), models_.end(), row.model) == models_.end()) models_.push_back(row.model);
    }
    const bool adapters = std::any_of(models_.begin(), models_.end(), is_adapter);
    for (const auto& metric : all_metrics) {
      if (metric.name == metric::composition_gap || !is_measured(metric)) continue;
      columns_.push_back({metric, false});
      const bool by_domain = metric.name == metric::accuracy || metric.name == metric::loss;
      if (adapters && by_domain) columns_.push_back({metric, true});
    }
    for (const auto& model : models_)
      name_width_ = std::max(name_width_, text_width(model));
    const std::span columns{columns_};
    name_width_ = std::min(name_width_, terminal - width_of(columns.first(std::min(columns.size(), most_columns))) - 2);
  }

  [[nodiscard]] std::string text() {
    std::string text;
    for (std::span<const Figures> rest{columns_}; !rest.empty();) {
      const auto columns = rest.first(std::min(rest.size(), most_columns));
      text += head(columns);
      for (const auto& model : models_) {
        if (&model != &models_.front() && is_adapter(model) != is_adapter(*(&model - 1))) text += "\n";
        text += line(model, columns) + "\n";
      }
      text += "\n";
      rest = rest.subspan(columns.size());
    }
    return text + legend();
  }

 private:
  static bool is_adapter(const std::string& model) { return model.starts_with(adapter_prefix); }

  const EvaluationRow* find(std::string_view model, std::string_view metric, std::string_view domain) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const EvaluationRow& row) {
      return row.model == model && row.metric == metric && row.domain == domain;
    });
    return found == rows_.end() ? nullptr : &*found;
  }

  /// The domain whose figure a cell shows; none where only adapters have one.
  static std::string domain_of(const std::string& model, const Figures& column) {
    if (!column.own_domain) return "all";
    return is_adapter(model) ? model.substr(adapter_prefix.size()) : "";
  }

  bool is_measured(const Metric& metric) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const auto& row) { return row.metric == metric.name; });
  }

  [[nodiscard]] std::string head(std::span<const Figures> columns) const {
    std::string titles = left_aligned("", name_width_ + 2);
    std::string details = left_aligned("model", name_width_ + 2);
    std::string counts = left_aligned("", name_width_ + 2);
    for (const auto& column : columns) {
      titles += left_aligned(fmt::format(" {}", column.own_domain ? "on its own domain" : column.metric.title),
                             width_of(column));
      details += left_aligned(fmt::format(" {}", column.metric.detail), width_of(column));
      counts += left_aligned(" " + count_of(column), width_of(column));
    }
    const auto line = ruled_line(name_width_ + 2 + width_of(columns));
    return trimmed(titles) + "\n" + trimmed(details) + "\n" + trimmed(counts) + "\n" + line + "\n";
  }

  /// How many items the column's figures are taken over: "n = 800", or from the fewest to the most.
  [[nodiscard]] std::string count_of(const Figures& column) const {
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = 0;
    for (const auto& model : models_) {
      if (const auto* row = find(model, column.metric.name, domain_of(model, column))) {
        fewest = std::min(fewest, row->n);
        most = std::max(most, row->n);
      }
    }
    if (most == 0) return "";
    return fewest == most ? fmt::format("n = {}", most) : fmt::format("n = {} to {}", fewest, most);
  }

  [[nodiscard]] std::string line(const std::string& model, std::span<const Figures> columns) {
    std::string text = left_aligned(shortened(model, name_width_), name_width_ + 2);
    for (const auto& column : columns)
      text += left_aligned(cell(model, column), width_of(column));
    return trimmed(text);
  }

  [[nodiscard]] std::string cell(const std::string& model, const Figures& column) {
    const auto& metric = column.metric;
    const auto domain = domain_of(model, column);
    const auto* row = find(model, metric.name, domain);
    if (row == nullptr) return column.own_domain && !is_adapter(model) ? "" : "–";
    const auto figure =
        metric.is_share ? fmt::format("{:5.1f} [{:4.1f} {:4.1f}]", 100 * row->value, 100 * row->low, 100 * row->high)
                        : fmt::format("{:5.3f} [{:.3f} {:.3f}]", row->value, row->low, row->high);
    return figure + marks(*row, metric, domain);
  }

  [[nodiscard]] std::string marks(const EvaluationRow& row, const Metric& metric, std::string_view domain) {
    std::string text;
    const auto* base = find("base", metric.name, domain);
    const bool is_worse = base != nullptr && is_clearly_worse(row, *base, metric);
    const bool is_guessing = row.low <= row.chance && row.chance <= row.high;
    if (is_worse) text += worse;
    if (is_guessing) text += guessing;
    remarks_.worse_than_base |= is_worse;
    if (is_guessing) remarks_.add(fmt::format("{:.3g} {}", 100 * row.chance, metric.detail));
    return text;
  }

  [[nodiscard]] std::string legend() const {
    std::string text = "In brackets: 95 % intervals.\n";
    if (remarks_.worse_than_base)
      text += fmt::format("{} clearly worse than the base: their 95 % intervals do not overlap\n", worse);
    if (!remarks_.chances.empty())
      text += fmt::format("{} not distinguishable from guessing ({})\n", guessing, fmt::join(remarks_.chances, ", "));
    return text;
  }

  const std::vector<EvaluationRow>& rows_;
  std::vector<std::string> models_;
  std::vector<Figures> columns_;
  std::size_t name_width_ = 5;
  Remarks remarks_;
};

std::string title(const Summary& summary) {
  auto text = fmt::format("{}   seed {}, fidelity {}\n", summary.name, summary.seed, summary.fidelity);
  if (!summary.question.empty()) text += summary.question + "\n";
  if (!summary.complete) {
    text += fmt::format("NOT COMPLETE: the run was stopped or is still going on; {} recorded.\n",
                        plural(summary.versions, "version"));
  }
  return text + "\n";
}

std::string why_nothing_was_evaluated(const Summary& summary) {
  return summary.fidelity == "timing"
             ? "Nothing was evaluated: fidelity \"timing\" trains nothing.\n"
             : "Nothing was evaluated: see evaluation.questions, composites, held_out_loss and models.\n";
}

}  // namespace

std::string to_table(const Summary& summary) {
  const auto figures =
      summary.evaluation.empty() ? why_nothing_was_evaluated(summary) : Table{summary.evaluation}.text();
  return fmt::format("{}{}\n{}digest        {}\n", title(summary), figures, cost_text(summary), summary.digest);
}

}  // namespace edgefuse::results
