#include "server/fusion/gram.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <variant>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

/// How many numbers of one part are looked at together: 4 MB in float64.
constexpr std::int64_t block = std::int64_t{1} << 19U;

/// What of a squared norm may be rounding: the products of factors that cancel leave some 1e-16 of their size.
constexpr double negligible = 1e-13;

struct Factors {
  at::Tensor a;  // float64, [rank, in]
  at::Tensor b;  // float64, [out, rank]
};

/// Empty as soon as one part is dense.
std::vector<Factors> factors_of_all(const ModuleParts& parts) {
  std::vector<Factors> factors;
  for (const auto& part : parts) {
    const auto* low = std::get_if<llm::LowRank>(&part.delta);
    if (low == nullptr) return {};
    factors.push_back({.a = low->a.to(at::kDouble), .b = low->b.to(at::kDouble)});
  }
  return factors;
}

/// Σ x∘y of two small matrices in a fixed order, or of their magnitudes.
struct Sums {
  double plain = 0;
  double of_magnitudes = 0;
};

Sums sum_of_products(const at::Tensor& x, const at::Tensor& y) {
  const auto own_x = x.contiguous();
  const auto own_y = y.contiguous();
  Sums sums;
  for (std::int64_t e = 0; e < own_x.numel(); ++e) {
    const double product = own_x.data_ptr<double>()[e] * own_y.data_ptr<double>()[e];
    sums.plain += product;
    sums.of_magnitudes += std::abs(product);
  }
  return sums;
}

std::vector<double> products_of(const std::vector<Factors>& factors) {
  const auto n = factors.size();
  std::vector<double> products(n * n, 0.0);
  const auto inner = [&](std::size_t i, std::size_t j) {
    return sum_of_products(at::mm(factors[i].b.t(), factors[j].b), at::mm(factors[i].a, factors[j].a.t()));
  };
  for (std::size_t i = 0; i < n; ++i) {
    const auto square = inner(i, i);
    if (square.plain > negligible * square.of_magnitudes) products[i * n + i] = square.plain;
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j)
      if (products[i * n + i] > 0 && products[j * n + j] > 0)
        products[i * n + j] = products[j * n + i] = inner(i, j).plain;
  return products;
}

/// Rows `first` and on of ΔW as one row of numbers, float64.
at::Tensor rows_of(const llm::ModuleDelta& delta, std::int64_t first, std::int64_t count) {
  const auto rows = [&](const at::Tensor& matrix) { return matrix.narrow(0, first, count).to(at::kDouble); };
  if (const auto* low = std::get_if<llm::LowRank>(&delta))
    return at::mm(rows(low->b), low->a.to(at::kDouble)).reshape({1, -1});
  return rows(std::get<llm::Dense>(delta).matrix).reshape({1, -1});
}

std::vector<double> products_of(const ModuleParts& parts) {
  const auto n = static_cast<std::int64_t>(parts.size());
  auto products = at::zeros({n, n}, at::kDouble);
  const auto [out, in] = shape_of(parts.front().delta);
  const auto step = std::max<std::int64_t>(1, block / std::max<std::int64_t>(1, in));
  for (std::int64_t first = 0; first < out; first += step) {
    std::vector<at::Tensor> rows;
    for (const auto& part : parts)
      rows.push_back(rows_of(part.delta, first, std::min(step, out - first)));
    const auto stacked = at::cat(rows, 0);
    products += at::mm(stacked, stacked.t());
  }
  const auto upper = at::triu(products);
  const auto symmetric = (upper + at::triu(products, 1).t()).contiguous();
  return {symmetric.data_ptr<double>(), symmetric.data_ptr<double>() + symmetric.numel()};
}

}  // namespace

Gram::Gram(const ModuleParts& parts) : size_{parts.size()} {
  if (parts.empty()) return;
  const auto factors = factors_of_all(parts);
  products_ = factors.empty() ? products_of(parts) : products_of(factors);
}

double Gram::norm(std::size_t i) const {
  return std::sqrt(std::max(0.0, (*this)(i, i)));
}

double Gram::cosine(std::size_t i, std::size_t j) const {
  const double norms = norm(i) * norm(j);
  if (norms == 0) return 0;
  const double cosine = (*this)(i, j) / norms;
  return std::abs(cosine) < negligible_cosine ? 0 : std::clamp(cosine, -1.0, 1.0);
}

}  // namespace edgefuse::server
