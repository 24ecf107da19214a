#pragma once

#include "llm/gemm.hpp"

// The routines `multiply` chooses from. Each computes c = alpha·a·b + beta·c, or returns false when the process does
// not have it. Here so that tests reach all of them on any machine.
namespace edgefuse::llm::gemm_routines {

[[nodiscard]] bool onednn(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta);
[[nodiscard]] bool onednn(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha,
                          float beta);
[[nodiscard]] bool blas(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta);
[[nodiscard]] bool blas(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha, double beta);

void aten(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta);
void aten(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha, double beta);
/// Without bf16 products of its own a machine gets fp32 products of the rounded operands: the same numbers, slower.
void aten(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha, float beta);

}  // namespace edgefuse::llm::gemm_routines
