#pragma once

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "server/fuse.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server::testing {

// For recomputing fusion rules with plain loops in float64. Matrices are rows laid end to end.

using Numbers = std::vector<double>;

inline Numbers numbers_of(const at::Tensor& matrix) {
  const auto doubles = matrix.to(at::kDouble).contiguous();
  return {doubles.data_ptr<double>(), doubles.data_ptr<double>() + doubles.numel()};
}

/// ΔW of every contribution, in the order given, zeros where it lacks the module.
inline std::vector<Numbers> changes_of(const std::vector<Contribution>& contributions, llm::ModuleId id) {
  std::vector<Numbers> all;
  std::size_t size = 0;
  for (const auto& c : contributions) {
    const auto it = c.delta.find(id);
    all.push_back(it == c.delta.end() ? Numbers{} : numbers_of(llm::dense(it->second)));
    size = std::max(size, all.back().size());
  }
  for (auto& change : all)
    change.resize(size, 0.0);
  return all;
}

/// Entries, the largest magnitude first, the earlier one first among equals.
inline std::vector<std::size_t> by_magnitude(const Numbers& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](auto i, auto j) { return std::abs(values[i]) > std::abs(values[j]); });
  return order;
}

/// Zero but for places `first` to `last` (exclusive) of by_magnitude.
inline Numbers only_places(const Numbers& values, std::size_t first, std::size_t last) {
  Numbers result(values.size(), 0.0);
  const auto order = by_magnitude(values);
  for (auto place = first; place < std::min(last, order.size()); ++place)
    result[order[place]] = values[order[place]];
  return result;
}

inline std::size_t floor_of(double share, std::size_t count) {
  return static_cast<std::size_t>(std::floor(share * static_cast<double>(count)));
}

inline double product(const Numbers& x, const Numbers& y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

inline llm::ModelDelta fused_by(const std::string& rule, const Parameters& parameters,
                                const std::vector<Contribution>& contributions, const FusionSeed& seed = {}) {
  return fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule, parameters), seed);
}

/// That `got` is `wanted`, entry by entry.
inline void expect_near(const llm::ModuleDelta& got, const Numbers& wanted, double tolerance, const std::string& what) {
  const auto values = numbers_of(llm::dense(got));
  ASSERT_EQ(values.size(), wanted.size()) << what;
  for (std::size_t e = 0; e < values.size(); ++e)
    ASSERT_NEAR(values[e], wanted[e], tolerance) << what << ", entry " << e << " of " << values.size();
}

/// One dense contribution of q0 for each matrix, with weights.
inline std::vector<Contribution> by_hand(const std::vector<at::Tensor>& matrices, const Numbers& weights) {
  std::vector<Contribution> all;
  for (std::size_t i = 0; i < matrices.size(); ++i)
    all.push_back({.client = static_cast<std::uint32_t>(i),
                   .weight = weights.at(i),
                   .delta = {{q0, llm::Dense{matrices[i].to(at::kFloat)}}}});
  return all;
}

}  // namespace edgefuse::server::testing
