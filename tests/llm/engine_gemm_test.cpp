#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ATen.h>

#include "llm/gemm.hpp"
#include "llm/gemm_routines.hpp"

namespace edgefuse::llm {
namespace {

template <class T>
MatrixView<T> view(const at::Tensor& tensor) {
  return {tensor.data_ptr<T>(), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

/// A column slice, so that its stride is not its width.
at::Tensor slice(std::int64_t rows, std::int64_t cols, at::ScalarType dtype) {
  return at::arange(rows * (cols + 5), at::TensorOptions().dtype(at::kDouble))
      .mul(0.37)
      .sin()
      .view({rows, cols + 5})
      .to(dtype)
      .slice(1, 2, 2 + cols);
}

/// Runs `product` for all four ways to store the factors of a [7, 11] result summed over 13, beta 0 and 0.5.
template <class T, class Result, class Product>
void expect_right(const Product& product, double tolerance) {
  constexpr auto dtype = c10::CppTypeToScalarType<T>::value;
  constexpr auto result_dtype = c10::CppTypeToScalarType<Result>::value;
  for (const bool flip_a : {false, true}) {
    for (const bool flip_b : {false, true}) {
      for (const double beta : {0.0, 0.5}) {
        const at::Tensor a = flip_a ? slice(13, 7, dtype) : slice(7, 13, dtype);
        const at::Tensor b = flip_b ? slice(11, 13, dtype) : slice(13, 11, dtype);
        const at::Tensor c = slice(7, 11, result_dtype).mul(2).slice(1, 0, 11);
        if (beta == 0) c.fill_(std::nan(""));
        const at::Tensor expected =
            at::matmul((flip_a ? a.t() : a).to(at::kDouble), (flip_b ? b.t() : b).to(at::kDouble)) * 3 +
            (beta == 0 ? at::zeros_like(c) : c * beta).to(at::kDouble);
        product(view<Result>(c), Operand<T>{view<T>(a), flip_a}, Operand<T>{view<T>(b), flip_b}, Result{3},
                static_cast<Result>(beta));
        EXPECT_LT((c.to(at::kDouble) - expected).abs().max().template item<double>(), tolerance)
            << "a transposed: " << flip_a << ", b transposed: " << flip_b << ", beta: " << beta;
      }
    }
  }
}

TEST(Gemm, MultipliesSlicesAndTransposesInSinglePrecision) {
  expect_right<float, float>([](auto... x) { multiply(x...); }, 2e-5);
}
TEST(Gemm, MultipliesSlicesAndTransposesInDoublePrecision) {
  expect_right<double, double>([](auto... x) { multiply(x...); }, 1e-13);
}
TEST(Gemm, SumsRoundedFactorsInSinglePrecision) {
  expect_right<c10::BFloat16, float>([](auto... x) { multiply(x...); }, 2e-5);
}

TEST(Gemm, AgreesWhicheverRoutineTheProcessHas) {
  expect_right<float, float>([](auto... x) { gemm_routines::aten(x...); }, 2e-5);
  expect_right<double, double>([](auto... x) { gemm_routines::aten(x...); }, 1e-13);
  expect_right<c10::BFloat16, float>([](auto... x) { gemm_routines::aten(x...); }, 2e-5);
  const auto or_aten = [](auto... x) {
    if (!gemm_routines::blas(x...)) gemm_routines::aten(x...);
  };
  expect_right<float, float>(or_aten, 2e-5);
  expect_right<double, double>(or_aten, 1e-13);
}

TEST(Gemm, LeavesAnEmptyResultAlone) {
  const at::Tensor a = slice(4, 3, at::kFloat);
  const MatrixView<float> none{nullptr, 0, 3, 3};
  multiply(none, Operand<float>{MatrixView<const float>{nullptr, 0, 4, 4}}, Operand<float>{view<float>(a)});
  EXPECT_EQ(none.rows, 0);
}

TEST(GemmDeathTest, RefusesShapesThatDoNotMatch) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const at::Tensor a = slice(4, 3, at::kFloat);
  const at::Tensor c = slice(4, 4, at::kFloat);
  EXPECT_DEATH(multiply(view<float>(c), view<float>(a), view<float>(a)), "shapes of a product agree");
}

}  // namespace
}  // namespace edgefuse::llm
