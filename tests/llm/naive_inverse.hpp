#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace edgefuse::llm::testing {

using Rows = std::vector<std::vector<double>>;

/// A matrix as rows of numbers.
inline Rows numbers(const at::Tensor& matrix) {
  const auto values = matrix.to(at::kDouble).contiguous();
  const auto width = values.size(1);
  Rows rows;
  for (std::int64_t i = 0; i < values.size(0); ++i)
    rows.emplace_back(values.data_ptr<double>() + i * width, values.data_ptr<double>() + (i + 1) * width);
  return rows;
}

/// Of the part of a square matrix that begins at row and column `first`, by Gauss and Jordan with pivots.
inline Rows inverse(const Rows& matrix, std::size_t first) {
  const auto n = matrix.size() - first;
  Rows left(n, std::vector<double>(n));
  Rows right(n, std::vector<double>(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      left[i][j] = matrix[first + i][first + j];
    right[i][i] = 1;
  }
  for (std::size_t k = 0; k < n; ++k) {
    auto pivot = k;
    for (auto i = k; i < n; ++i)
      if (std::abs(left[i][k]) > std::abs(left[pivot][k])) pivot = i;
    std::swap(left[k], left[pivot]);
    std::swap(right[k], right[pivot]);
    const double divisor = left[k][k];
    for (std::size_t j = 0; j < n; ++j) {
      left[k][j] /= divisor;
      right[k][j] /= divisor;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double times = i == k ? 0 : left[i][k];
      for (std::size_t j = 0; j < n; ++j) {
        left[i][j] -= times * left[k][j];
        right[i][j] -= times * right[k][j];
      }
    }
  }
  return right;
}

}  // namespace edgefuse::llm::testing
