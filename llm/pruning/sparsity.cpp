#include "llm/pruning/sparsity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "sim/error.hpp"

namespace edgefuse::llm {
namespace {

std::string name_of(const SparsityPattern& pattern) {
  return pattern.anywhere() ? "unstructured" : fmt::format("{}:{}", pattern.n, pattern.m);
}

}  // namespace

double SparsityPattern::index_bits() const {
  if (anywhere()) return 1;
  const auto position = std::bit_width(static_cast<std::uint64_t>(m - 1));
  return static_cast<double>(n * position) / static_cast<double>(m);
}

ParameterSpec pattern_parameter() {
  return {.name = "pattern",
          .standard = std::string{"unstructured"},
          .meaning = "where zeros may be: anywhere, or two of every four or four of every eight neighbours in a row",
          .choices = {"unstructured", "2:4", "4:8"}};
}

SparsityPattern pattern_named(const std::string& name) {
  if (name == "2:4") return {.n = 2, .m = 4};
  return name == "4:8" ? SparsityPattern{.n = 4, .m = 8} : SparsityPattern{};
}

void check_fits(const SparsityPattern& pattern, const ModelConfig& config, double ratio) {
  if (pattern.anywhere() || ratio == 0) return;
  std::vector<Mistake> mistakes;
  const double removed = 1 - static_cast<double>(pattern.n) / static_cast<double>(pattern.m);
  if (ratio != removed)
    mistakes.push_back({.key = "ratio",
                        .problem = fmt::format("{} is not what pattern {} removes", ratio, name_of(pattern)),
                        .remedy = fmt::format("0 or {}, or pattern \"unstructured\" for any ratio", removed)});
  for (const auto& [what, width] :
       {std::pair{"hidden width", config.hidden}, std::pair{"heads times head_dim", config.heads * config.head_dim},
        std::pair{"intermediate width", config.intermediate}})
    if (width % pattern.m != 0)
      mistakes.push_back({.key = "pattern",
                          .problem = fmt::format("{} does not divide the model's {} of {} into groups of {}",
                                                 name_of(pattern), what, width, pattern.m),
                          .remedy = "use pattern \"unstructured\", or a base with other widths"});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

std::int64_t Sparsity::zeros_of(std::int64_t count) const {
  constexpr double rounding = 1e-12;  // of itself; a decimal ratio and its product with a count are off by 2e-16
  const auto zeros = static_cast<std::int64_t>(std::floor(ratio * static_cast<double>(count) * (1 + rounding)));
  return std::min(zeros, count - 1);
}

}  // namespace edgefuse::llm
