#include "server/fusion/coverage_mean.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// `weight` / `covered`, 0 where nobody covers.
double share(double weight, double covered) {
  return covered > 0 ? weight / covered : 0;
}

/// For each part and each of `size` rows (or columns), what it counts for there: w_k·1[i ∈ O_k] / c_i.
std::vector<std::vector<double>> shares(const ModuleParts& parts, Kept ModuleCoverage::*side, std::int64_t size) {
  std::vector<std::vector<double>> result;
  std::vector<double> covered(static_cast<std::size_t>(size), 0.0);
  for (const auto& part : parts) {
    auto& own = result.emplace_back((part.coverage.*side).indicator(size));
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] *= part.weight;
      covered[i] += own[i];
    }
  }
  for (auto& own : result)
    std::ranges::transform(own, covered, own.begin(), share);
  return result;
}

/// The same where every part covers everything.
std::vector<double> shares(const ModuleParts& parts) {
  double total = 0;
  for (const auto& part : parts)
    total += part.weight;
  std::vector<double> result;
  for (const auto& part : parts)
    result.push_back(share(part.weight, total));
  return result;
}

/// Parts that are to be added up as they are: the shares are in the rows of B, or in the columns of A.
ModuleParts folded(ModuleParts parts, bool into_rows, const llm::MatrixShape& shape) {
  const auto factors =
      into_rows ? shares(parts, &ModuleCoverage::rows, shape.out) : shares(parts, &ModuleCoverage::columns, shape.in);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    auto& low = std::get<llm::LowRank>(parts[k].delta);
    auto& factor = into_rows ? low.b : low.a;
    factor = (factor.to(at::kDouble) * at::tensor(factors[k], at::kDouble).unsqueeze(into_rows ? 1 : 0)).to(at::kFloat);
  }
  return parts;
}

llm::Dense dense_mean(const ModuleParts& parts, const llm::MatrixShape& shape) {
  const auto columns = static_cast<std::size_t>(shape.in);
  std::vector<double> sum(static_cast<std::size_t>(shape.out * shape.in), 0.0);
  std::vector<double> covered(sum.size(), 0.0);
  for (const auto& part : parts) {
    const auto change = dense_double(part.delta);
    const auto* value = change.data_ptr<double>();
    const auto rows_kept = part.coverage.rows.indicator(shape.out);
    const auto columns_kept = part.coverage.columns.indicator(shape.in);
    for (std::size_t i = 0, e = 0; i < rows_kept.size(); ++i) {
      for (std::size_t j = 0; j < columns; ++j, ++e) {
        const double weight = part.weight * rows_kept[i] * columns_kept[j];
        sum[e] += weight * value[e];
        covered[e] += weight;
      }
    }
  }
  auto result = at::empty({shape.out, shape.in}, at::kFloat);
  std::ranges::transform(sum, covered, numbers(result).begin(),
                         [](double s, double c) { return static_cast<float>(share(s, c)); });
  return {result};
}

class CoverageMean final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const auto shape = shape_of(parts.front().delta);
    const bool whole_rows =
        std::ranges::all_of(parts, [&](const auto& part) { return part.coverage.rows.all_of(shape.out); });
    const bool whole_columns =
        std::ranges::all_of(parts, [&](const auto& part) { return part.coverage.columns.all_of(shape.in); });
    if (whole_rows && whole_columns) return linear_combination(parts, shares(parts));

    std::vector<double> takes_part;
    for (const auto& part : parts)
      takes_part.push_back(part.weight > 0 ? 1 : 0);
    if ((!whole_rows && !whole_columns) || !stacks_smaller(parts, takes_part)) return dense_mean(parts, shape);
    return stacked(folded(std::move(parts), /*into_rows=*/whole_columns, shape), takes_part);
  }
};

}  // namespace

Method<FusionRule> coverage_mean_rule() {
  return {.name = "coverage-mean",
          .summary = "example-weighted mean of each entry over the clients whose variants have it",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<CoverageMean>(); }};
}

}  // namespace edgefuse::server
