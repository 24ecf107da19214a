#include "server/fusion/aggregation_error.hpp"

#include <cmath>
#include <limits>
#include <tuple>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

double squared_norm(const at::Tensor& matrix) {
  return matrix.square().sum().item<double>();
}

/// ‖B·A‖² = ‖R_b·R_a'‖² with B = Q_b·R_b and A' = Q_a·R_a: no cancellation, where the trace of two Gram matrices has
/// it.
double squared_norm(const llm::LowRank& low) {
  const auto r_b = std::get<1>(at::linalg_qr(low.b.to(at::kDouble), "r"));
  const auto r_a = std::get<1>(at::linalg_qr(low.a.to(at::kDouble).t(), "r"));
  return squared_norm(at::mm(r_b, r_a.t()));
}

bool low_rank(const llm::ModuleDelta& change) {
  return std::holds_alternative<llm::LowRank>(change);
}

}  // namespace

double frobenius_norm(const llm::ModuleDelta& change) {
  if (const auto* low = std::get_if<llm::LowRank>(&change)) return std::sqrt(squared_norm(*low));
  return std::sqrt(squared_norm(dense_double(change)));
}

void AggregationError::add(const llm::ModuleDelta& fused, const ModuleParts& parts, double total_weight) {
  std::vector<at::Tensor> a;
  std::vector<at::Tensor> b;
  bool factors = low_rank(fused);
  for (const auto& part : parts)
    factors = factors && low_rank(part.delta);
  if (factors) {
    for (const auto& part : parts) {
      a.push_back(factors_of(part).a.to(at::kDouble));
      b.push_back(part.weight / total_weight * factors_of(part).b.to(at::kDouble));
    }
    squared_mean_ += squared_norm(llm::LowRank{.a = at::cat(a, 0), .b = at::cat(b, 1)});
    const auto& own = std::get<llm::LowRank>(fused);
    a.push_back(own.a.to(at::kDouble));
    b.push_back(-own.b.to(at::kDouble));
    squared_fused_ += squared_norm(own);
    squared_error_ += squared_norm(llm::LowRank{.a = at::cat(a, 0), .b = at::cat(b, 1)});
    return;
  }
  const auto matrix = dense_double(fused);
  auto mean = at::zeros_like(matrix);
  for (const auto& part : parts)
    mean.add_(dense_double(part.delta), part.weight / total_weight);
  squared_mean_ += squared_norm(mean);
  squared_fused_ += squared_norm(matrix);
  squared_error_ += squared_norm(mean.sub_(matrix));
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
