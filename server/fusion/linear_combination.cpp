#include "server/fusion/linear_combination.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <variant>

#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

at::Tensor dense_sum(const ModuleParts& parts, std::span<const double> coefficients) {
  std::vector<double> sum;
  at::Tensor result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const at::Tensor change = llm::dense(parts[i].delta).to(at::kFloat).contiguous();
    const auto values = numbers(change);
    if (sum.empty()) {
      sum.assign(values.size(), 0.0);
      result = at::empty_like(change);
    }
    EDGEFUSE_EXPECTS(values.size() == sum.size(), "the parts of one module have one shape");
    for (std::size_t e = 0; e < sum.size(); ++e)
      sum[e] += coefficients[i] * values[e];
  }
  std::ranges::transform(sum, numbers(result).begin(), [](double x) { return static_cast<float>(x); });
  return result;
}

llm::LowRank stacked_as(at::ScalarType type, const ModuleParts& parts, std::span<const double> coefficients) {
  EDGEFUSE_EXPECTS(!parts.empty() && parts.size() == coefficients.size(), "each part has a coefficient");
  std::vector<at::Tensor> a;
  std::vector<at::Tensor> b;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* low = std::get_if<llm::LowRank>(&parts[i].delta);
    EDGEFUSE_EXPECTS(low != nullptr, "only factors can be stacked");
    if (coefficients[i] == 0) continue;
    const auto own_a = low->a.to(type);
    a.push_back(coefficients[i] == 1 ? own_a : own_a * coefficients[i]);
    b.push_back(low->b.to(type));
  }
  if (a.size() == 1) return {.a = a.front(), .b = b.front()};
  if (a.empty()) {
    const auto& any = std::get<llm::LowRank>(parts.front().delta);
    return {.a = any.a.to(type).narrow(0, 0, 0), .b = any.b.to(type).narrow(1, 0, 0)};
  }
  return {.a = at::cat(a, 0), .b = at::cat(b, 1)};
}

}  // namespace

bool all_low_rank(const ModuleParts& parts) {
  return std::ranges::all_of(parts,
                             [](const ModulePart& part) { return std::holds_alternative<llm::LowRank>(part.delta); });
}

std::vector<double> of_parts(const ModuleParts& parts, std::span<const double> by_contribution) {
  std::vector<double> own;
  for (const auto& part : parts)
    own.push_back(by_contribution[part.index]);
  return own;
}

std::vector<double> weights_of(const ModuleParts& parts) {
  std::vector<double> weights;
  for (const auto& part : parts)
    weights.push_back(part.weight);
  return weights;
}

std::vector<double> normalised_weights(const ModuleParts& parts, const ModuleSource& all) {
  auto weights = weights_of(parts);
  for (auto& weight : weights)
    weight /= all.total_weight;
  return weights;
}

llm::LowRank stacked(const ModuleParts& parts, std::span<const double> coefficients) {
  return stacked_as(at::kFloat, parts, coefficients);
}

llm::ModuleDelta stacked_if_low_rank(const ModuleParts& parts, std::span<const double> coefficients) {
  if (all_low_rank(parts)) return stacked(parts, coefficients);
  return linear_combination(parts, coefficients);
}

bool stacks_smaller(const ModuleParts& parts, std::span<const double> coefficients) {
  EDGEFUSE_EXPECTS(!parts.empty() && parts.size() == coefficients.size(), "each part has a coefficient");
  if (!all_low_rank(parts)) return false;
  std::int64_t rank = 0;
  std::size_t taking_part = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (coefficients[i] == 0) continue;
    ++taking_part;
    rank += std::get<llm::LowRank>(parts[i].delta).a.size(0);
  }
  const auto [out, in] = shape_of(parts.front().delta);
  return taking_part <= 1 || rank * (out + in) < out * in;
}

llm::ModuleDelta linear_combination(const ModuleParts& parts, std::span<const double> coefficients) {
  if (stacks_smaller(parts, coefficients)) return stacked(parts, coefficients);
  if (!all_low_rank(parts)) return llm::Dense{dense_sum(parts, coefficients)};
  return llm::Dense{llm::dense(stacked_as(at::kDouble, parts, coefficients)).to(at::kFloat)};
}

}  // namespace edgefuse::server
