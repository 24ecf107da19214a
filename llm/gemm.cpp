#include "llm/gemm.hpp"

#include "llm/gemm_routines.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

template <class C, class T>
bool nothing_to_do(MatrixView<C> c, const Operand<T>& a, const Operand<T>& b) {
  EDGEFUSE_EXPECTS(a.rows() == c.rows && b.cols() == c.cols && a.cols() == b.rows(), "the shapes of a product agree");
  EDGEFUSE_EXPECTS(a.cols() > 0, "a product sums over something");
  return c.rows == 0 || c.cols == 0;
}

}  // namespace

void multiply(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta) {
  if (nothing_to_do(c, a, b)) return;
  if (gemm_routines::onednn(c, a, b, alpha, beta)) return;
  if (gemm_routines::blas(c, a, b, alpha, beta)) return;
  gemm_routines::aten(c, a, b, alpha, beta);
}

void multiply(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha, double beta) {
  if (nothing_to_do(c, a, b)) return;
  if (gemm_routines::blas(c, a, b, alpha, beta)) return;
  gemm_routines::aten(c, a, b, alpha, beta);
}

void multiply(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha, float beta) {
  if (nothing_to_do(c, a, b)) return;
  if (gemm_routines::onednn(c, a, b, alpha, beta)) return;
  gemm_routines::aten(c, a, b, alpha, beta);
}

}  // namespace edgefuse::llm
