#include "llm/pruning/obs_sweep.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "llm/gemm.hpp"
#include "llm/pruning/lowest.hpp"
#include "llm/threads.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

MatrixView<double> view(at::Tensor& matrix) {
  return {matrix.data_ptr<double>(), matrix.size(0), matrix.size(1), matrix.stride(0)};
}

/// H = RR' with R upper triangular is the Cholesky factor of H read backwards, and U = R^-1.
at::Tensor inverse_factor(const at::Tensor& hessian) {
  const auto backwards = [](const at::Tensor& x) { return x.flip({0, 1}); };
  const auto factor = backwards(at::linalg_cholesky(backwards(hessian)));
  return at::linalg_solve_triangular(factor, at::eye(hessian.size(0), at::kDouble), /*upper=*/true).contiguous();
}

/// Some neighbouring columns of all rows on their way through the sweep.
struct Block {
  at::Tensor weights;  // [out, count] float64
  at::Tensor zeros;    // [out, count] bool
  at::Tensor factor;   // U's own rows and columns
  at::Tensor errors;   // [out, count], w_j / U_jj where w_j went

  [[nodiscard]] std::int64_t count() const { return weights.size(1); }
  [[nodiscard]] double u(std::int64_t j, std::int64_t k) const { return factor.data_ptr<double>()[j * count() + k]; }

  /// The cost of a zero at each place as things stand.
  [[nodiscard]] at::Tensor costs() const { return (weights / factor.diagonal()).square(); }
};

Block take(const at::Tensor& weights, const at::Tensor& zeros, const at::Tensor& factor, std::int64_t first,
           std::int64_t count) {
  return {.weights = weights.narrow(1, first, count).contiguous(),
          .zeros = zeros.narrow(1, first, count).contiguous(),
          .factor = factor.narrow(0, first, count).narrow(1, first, count).contiguous(),
          .errors = at::zeros({weights.size(0), count}, at::kDouble)};
}

/// Marks what goes of the M weights of a row that begin at column `j`.
void choose(const Block& block, const Sparsity& sparsity, std::int64_t j, const double* w, bool* zeros) {
  const auto m = sparsity.pattern.m;
  std::vector<double> costs;
  for (auto k = j; k < j + m; ++k)
    costs.push_back(w[k] * w[k] / (block.u(k, k) * block.u(k, k)));
  mark_lowest(costs, sparsity.zeros_of(m), {zeros + j, static_cast<std::size_t>(m)});
}

/// Plain loops, row by row: a row does not depend on the others once it is known what goes.
void sweep_row(Block& block, const Sparsity& sparsity, std::int64_t row) {
  const auto count = block.count();
  auto* w = block.weights.data_ptr<double>() + row * count;
  auto* errors = block.errors.data_ptr<double>() + row * count;
  auto* zeros = block.zeros.data_ptr<bool>() + row * count;
  for (std::int64_t j = 0; j < count; ++j) {
    if (!sparsity.pattern.anywhere() && j % sparsity.pattern.m == 0) choose(block, sparsity, j, w, zeros);
    if (!zeros[j]) continue;
    const auto* u = block.factor.data_ptr<double>() + j * count;
    errors[j] = w[j] / u[j];
    w[j] = 0;
    for (auto k = j + 1; k < count; ++k)
      w[k] -= errors[j] * u[k];
  }
}

}  // namespace

InverseCurvature inverse_curvature(const InputGram& gram, double damping) {
  EDGEFUSE_EXPECTS(gram.texts() > 0 && damping > 0, "a curvature is of some text, and definite");
  use_one_thread_per_gang();
  auto hessian = gram.sum() * (2.0 / static_cast<double>(gram.texts()));
  EDGEFUSE_EXPECTS(hessian.isfinite().all().item<bool>(), "what a layer multiplies is finite");
  auto diagonal = hessian.diagonal();  // a view
  const auto dead = diagonal.eq(0);
  diagonal.masked_fill_(dead, 1);
  double mean = 0;
  for (std::int64_t j = 0; j < hessian.size(0); ++j)
    mean += hessian.data_ptr<double>()[j * hessian.size(0) + j] / static_cast<double>(hessian.size(0));
  diagonal.add_(damping * mean);
  return {.factor = inverse_factor(hessian), .dead = dead};
}

at::Tensor obs_sweep(const at::Tensor& weight, const InverseCurvature& curvature, const Sparsity& sparsity,
                     const at::Tensor& zeros, std::int64_t block) {
  const auto in = weight.size(1);
  auto factor = curvature.factor;
  auto result = weight.to(at::kDouble).masked_fill(curvature.dead, 0).contiguous();
  // Whole groups: where a block ends makes no difference to N:M.
  if (!sparsity.pattern.anywhere()) block += (sparsity.pattern.m - block % sparsity.pattern.m) % sparsity.pattern.m;
  for (std::int64_t first = 0; first < in; first += block) {
    const auto end = std::min(first + block, in);
    auto part = take(result, zeros, factor, first, end - first);
    if (sparsity.pattern.anywhere())
      mark_lowest_of_each(part.costs().contiguous(), part.weights.numel(), sparsity.zeros_of(part.weights.numel()),
                          part.zeros);
    for (std::int64_t row = 0; row < weight.size(0); ++row)
      sweep_row(part, sparsity, row);
    result.narrow(1, first, end - first).copy_(part.weights);
    if (end < in)
      multiply(view(result).columns(end, in - end), view(part.errors),
               view(factor).row_range(first, end).columns(end, in - end), -1, 1);
  }
  return result.to(weight.scalar_type());
}

}  // namespace edgefuse::llm
