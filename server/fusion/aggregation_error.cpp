#include "server/fusion/aggregation_error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/frobenius_norm.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

double squared(double x) {
  return x * x;
}

/// Δ* of one module, and fused - Δ*.
struct Comparison {
  llm::ModuleDelta mean;
  llm::ModuleDelta difference;
};

Comparison of_factors(const llm::LowRank& fused, const ModuleParts& parts, const std::vector<double>& shares) {
  std::vector<at::Tensor> a;
  std::vector<at::Tensor> b;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    a.push_back(factors_of(parts[i]).a.to(at::kDouble));
    b.push_back(shares[i] * factors_of(parts[i]).b.to(at::kDouble));
  }
  const llm::LowRank mean{.a = at::cat(a, 0), .b = at::cat(b, 1)};
  return {.mean = mean,
          .difference = llm::LowRank{.a = at::cat({mean.a, fused.a.to(at::kDouble)}, 0),
                                     .b = at::cat({mean.b, -fused.b.to(at::kDouble)}, 1)}};
}

Comparison of_matrices(const llm::ModuleDelta& fused, const ModuleParts& parts, const std::vector<double>& shares) {
  const auto matrix = dense_double(fused);
  auto mean = at::zeros_like(matrix);
  for (std::size_t i = 0; i < parts.size(); ++i)
    mean.add_(dense_double(parts[i].delta), shares[i]);
  return {.mean = llm::Dense{mean}, .difference = llm::Dense{mean - matrix}};
}

}  // namespace

void AggregationError::add(const llm::ModuleDelta& fused, const ModuleParts& parts, double total_weight) {
  std::vector<double> shares;
  for (const auto& part : parts)
    shares.push_back(total_weight == 0 ? 0 : part.weight / total_weight);
  const auto* low = std::get_if<llm::LowRank>(&fused);
  const auto [mean, difference] =
      low != nullptr && all_low_rank(parts) ? of_factors(*low, parts, shares) : of_matrices(fused, parts, shares);
  squared_mean_ += squared(frobenius_norm(mean));
  squared_fused_ += squared(frobenius_norm(fused));
  squared_error_ += squared(frobenius_norm(difference));
}

AggregationError& AggregationError::operator+=(const AggregationError& others) {
  squared_error_ += others.squared_error_;
  squared_mean_ += others.squared_mean_;
  squared_fused_ += others.squared_fused_;
  return *this;
}

double AggregationError::relative() const {
  if (squared_error_ == 0) return 0;
  return squared_mean_ > 0 ? std::sqrt(squared_error_ / squared_mean_) : std::numeric_limits<double>::infinity();
}

double AggregationError::of_mean() const {
  return std::sqrt(squared_mean_);
}

double AggregationError::of_fused() const {
  return std::sqrt(squared_fused_);
}

}  // namespace edgefuse::server
