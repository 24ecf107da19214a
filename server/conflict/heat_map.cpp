#include "server/conflict/heat_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "server/conflict/diverging_colour.hpp"
#include "server/conflict/svg.hpp"
#include "sim/expects.hpp"
#include "sim/text_width.hpp"

namespace edgefuse::server {
namespace {

constexpr std::size_t longest_name = 24;
constexpr double letter = 7;  // room for one of 12 px, a little more than most need
constexpr double margin = 16;
constexpr double head = 64;  // title and what the panels show
constexpr double gap = 2;    // between cells
constexpr std::string_view nothing = "#e3e3e3";

/// A measure, on which side conflict lies, and what the ends of the colours stand for.
struct Scale {
  std::string_view name;
  double conflict = 1;  // sign of a value that is conflict
  double end = 1;

  [[nodiscard]] double colour(double value) const { return conflict * value / end; }
  [[nodiscard]] std::string text(double value) const {
    const int digits = end < 0.1 ? 3 : 2;
    const double smallest = std::pow(10.0, -digits) / 2;
    return std::abs(value) < smallest ? fmt::format("{:.{}f}", 0.0, digits) : fmt::format("{:.{}f}", value, digits);
  }
};

double end_of(double largest) {
  for (const double end : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5})
    if (largest <= end) return end;
  return 1;
}

struct Scales {
  Scale cosine{.name = "cosine", .conflict = -1};
  Scale excess{.name = "excess"};
  Scale cancelled{.name = "cancelled"};
};

Scales scales_of(const ConflictSummary& summary, std::span<const ModuleDiagnostics> modules) {
  double cosine = 0;
  double excess = 0;
  double cancelled = 0;
  for (const auto& pair : summary.pairs)
    cosine = std::max(cosine, std::abs(pair.cosine));
  for (const auto& module : modules) {
    cosine = std::max(cosine, std::abs(module.mean_cosine));
    excess = std::max(excess, std::abs(module.excess));
    cancelled = std::max(cancelled, module.cancelled_mass);
  }
  Scales scales;
  scales.cosine.end = end_of(cosine);
  scales.excess.end = end_of(excess);
  scales.cancelled.end = end_of(cancelled);
  return scales;
}

/// One coloured rectangle, with its value where that has room.
struct Cell {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  std::string_view css_class;
};

void draw(Svg& svg, const Cell& cell, const Scale& scale, std::optional<double> value, const std::string& hint) {
  const double colour = value ? scale.colour(*value) : 0;
  const std::string shown = value ? scale.text(*value) : "–";
  svg.rectangle(cell.x, cell.y, cell.width - gap, cell.height - gap,
                value ? diverging_colour(colour) : std::string{nothing}, cell.css_class,
                fmt::format("{}: {} {}", hint, scale.name, shown));
  if (cell.height < 16 || cell.width < letter * 6) return;
  svg.text(cell.x + (cell.width - gap) / 2, cell.y + (cell.height - gap) / 2 + 4, shown,
           {.anchor = "middle", .colour = value ? ink_on_diverging(colour) : "#222222"});
}

double width_of(std::span<const std::string> labels) {
  std::size_t most = 0;
  for (const auto& label : labels)
    most = std::max(most, text_width(label));
  return letter * static_cast<double>(most) + 8;
}

/// Where a panel with its labels ends.
struct Corner {
  double x = 0;
  double y = 0;
};

Corner draw_adapters(Svg& svg, Corner at, const ConflictSummary& summary, const Scale& scale,
                     std::span<const std::string> names) {
  const auto n = names.size();
  const double size = n <= 12 ? 48 : n <= 40 ? 20 : std::max(3.0, 720.0 / static_cast<double>(n));
  const auto every = static_cast<std::size_t>(std::ceil(15 / size));  // labels that would overlap are left out
  const double label = width_of(names);
  const double left = at.x + label;
  const double top = at.y + label * 0.75 + 8;
  std::vector<std::optional<double>> cosines(n * n);
  for (const auto& pair : summary.pairs) {
    EDGEFUSE_EXPECTS(pair.second < n, "every contribution has a name");
    cosines[pair.first * n + pair.second] = cosines[pair.second * n + pair.first] = pair.cosine;
  }
  double right = left + size * static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double start = size * static_cast<double>(i);
    if (i % every == 0) {
      right = std::max(right, left + start + size / 2 + 0.75 * letter * static_cast<double>(text_width(names[i])));
      svg.text(left - 8, top + start + size / 2 + 3, names[i], {.anchor = "end"});
      svg.text(left + start + size / 2 + 3, top - 6, names[i], {.turned = -45});
    }
    for (std::size_t j = 0; j < n; ++j) {
      const Cell cell{left + size * static_cast<double>(j), top + start, size, size, "pair"};
      if (i == j) {
        svg.rectangle(cell.x, cell.y, size - gap, size - gap, nothing, "itself");
      } else {
        draw(svg, cell, scale, cosines[i * n + j], names[i] + " × " + names[j]);
      }
    }
  }
  return {right, top + size * static_cast<double>(n)};
}

Corner draw_modules(Svg& svg, Corner at, std::span<const ModuleDiagnostics> modules, const Scales& scales) {
  constexpr double width = 72;
  constexpr double height = 20;
  std::vector<std::string> labels;
  for (const auto& module : modules)
    labels.push_back(fmt::format("{} {}", module.module.layer, llm::projection_name(module.module.projection)));
  const double left = at.x + std::max(width_of(labels), letter * 12);
  const double top = at.y + 20;
  const std::array columns = {scales.cosine, scales.excess, scales.cancelled};
  svg.text(left - 8, top - 8, "layer, module", {.anchor = "end"});
  for (std::size_t c = 0; c < columns.size(); ++c)
    svg.text(left + width * (static_cast<double>(c) + 0.5), top - 8, columns[c].name, {.anchor = "middle"});
  for (std::size_t row = 0; row < modules.size(); ++row) {
    const auto& module = modules[row];
    const double y = top + height * static_cast<double>(row);
    const std::array<std::optional<double>, 3> values = {
        module.pairs.empty() ? std::nullopt : std::optional{module.mean_cosine},
        module.contested == 0 ? std::nullopt : std::optional{module.excess}, module.cancelled_mass};
    svg.text(left - 8, y + height / 2 + 3, labels[row], {.anchor = "end"});
    for (std::size_t c = 0; c < columns.size(); ++c)
      draw(svg, {left + width * static_cast<double>(c), y, width, height, "module"}, columns[c], values[c],
           module.module.name());
  }
  return {left + width * static_cast<double>(columns.size()), top + height * static_cast<double>(modules.size())};
}

/// A bar of all colours, and beneath it what its ends and middle are in each measure.
Corner draw_legend(Svg& svg, Corner at, const Scales& scales) {
  constexpr int steps = 48;
  constexpr double width = 240;
  const double left = at.x + letter * 11;
  svg.text(left, at.y + 10, "agreement");
  svg.text(left + width, at.y + 10, "conflict", {.anchor = "end"});
  for (int step = 0; step < steps; ++step)
    svg.rectangle(left + width / steps * step, at.y + 16, width / steps + 0.5, 14,
                  diverging_colour(2.0 * step / (steps - 1) - 1), "legend");
  double y = at.y + 46;
  for (const auto& scale : {scales.cosine, scales.excess, scales.cancelled}) {
    svg.text(at.x, y, scale.name);
    if (scale.name != scales.cancelled.name) svg.text(left, y, fmt::format("{:g}", -scale.conflict * scale.end));
    svg.text(left + width / 2, y, "0", {.anchor = "middle"});
    svg.text(left + width, y, fmt::format("{:g}", scale.conflict * scale.end), {.anchor = "end"});
    y += 18;
  }
  for (const auto* explained :
       {"cosine: 0 for unrelated changes", "excess: share of entries with unlike signs, beyond chance",
        "cancelled: 1 - |sum of changes| / sum of |changes|"}) {
    svg.text(at.x, y + 6, explained, {.colour = "#555555"});
    y += 18;
  }
  return {left + width, y};
}

}  // namespace

std::string heat_map(const ConflictSummary& summary, std::span<const ModuleDiagnostics> modules,
                     std::span<const std::string> names, std::string_view title) {
  std::vector<std::string> short_names;
  for (const auto& name : names)
    short_names.push_back(shortened(name, longest_name));
  const auto scales = scales_of(summary, modules);
  Svg svg;
  svg.text(margin, 28, title, {.size = 16, .bold = true});
  const auto adapters = draw_adapters(svg, {margin, head}, summary, scales.cosine, short_names);
  const auto legend = draw_legend(svg, {margin, adapters.y + 20}, scales);
  const double right = std::max(adapters.x, legend.x) + 2 * margin;
  const auto rows = draw_modules(svg, {right, head}, modules, scales);
  svg.text(margin, 50, "Mean cosine of two adapters' changes");
  svg.text(right, 50, "Changes of each module");
  return svg.finished(std::max(rows.x, margin + 9.5 * static_cast<double>(text_width(title))) + margin,
                      std::max(legend.y, rows.y) + margin, title);
}

}  // namespace edgefuse::server
