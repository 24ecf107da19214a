#include "server/recovery/revealed.hpp"

#include <ATen/ATen.h>

#include "server/recovery/places.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

at::Tensor scattered(const at::Tensor& matrix, const at::Tensor& rows, const at::Tensor& columns, std::int64_t out,
                     std::int64_t in) {
  EDGEFUSE_EXPECTS(matrix.size(0) == rows.numel() && matrix.size(1) == columns.numel(),
                   "a statistic has its variant's sizes");
  return at::zeros({out, in}, matrix.options())
      .index_copy(0, rows, at::zeros({rows.numel(), in}, matrix.options()).index_copy(1, columns, matrix));
}

}  // namespace

at::Tensor recover_gram(const at::Tensor& gram, const ModuleCoverage& coverage, const llm::MatrixShape& shape) {
  const auto columns = places(coverage.columns, shape.in);
  return scattered(gram, columns, columns, shape.in, shape.in);
}

at::Tensor recover_fisher(const at::Tensor& fisher, const ModuleCoverage& coverage, const llm::MatrixShape& shape) {
  return scattered(fisher, places(coverage.rows, shape.out), places(coverage.columns, shape.in), shape.out, shape.in);
}

}  // namespace edgefuse::server
