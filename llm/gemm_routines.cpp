#include "llm/gemm_routines.hpp"

#include <dlfcn.h>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::gemm_routines {
namespace {

/// A function of a library that LibTorch is linked with, or null. We do not link these libraries ourselves: LibTorch
/// builds differ in which of them they bring.
template <class Function>
Function* find_routine(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

template <class T>
char letter(const Operand<T>& operand) {
  return operand.transposed ? 'T' : 'N';
}

/// dnnl_sgemm and dnnl_gemm_bf16bf16f32 of oneDNN: row-major, 0 is success.
template <class T>
using OneDnnGemm = int(char, char, std::int64_t, std::int64_t, std::int64_t, float, const T*, std::int64_t, const T*,
                       std::int64_t, float, float*, std::int64_t);

template <class T>
bool call_onednn(OneDnnGemm<T>* routine, MatrixView<float> c, const Operand<T>& a, const Operand<T>& b, float alpha,
                 float beta) {
  if (routine == nullptr) return false;
  return routine(letter(a), letter(b), c.rows, c.cols, a.cols(), alpha, a.stored.data, a.stored.stride, b.stored.data,
                 b.stored.stride, beta, c.data, c.stride) == 0;
}

/// Fortran's GEMM, column-major: it sees our c as its transpose, so the factors change places.
template <class T>
using BlasGemm = void(const char*, const char*, const int*, const int*, const int*, const T*, const T*, const int*,
                      const T*, const int*, const T*, T*, const int*);

template <class T>
bool call_blas(BlasGemm<T>* routine, MatrixView<T> c, const Operand<T>& a, const Operand<T>& b, T alpha, T beta) {
  if (routine == nullptr) return false;
  const char first = letter(b);
  const char second = letter(a);
  const int m = static_cast<int>(c.cols);
  const int n = static_cast<int>(c.rows);
  const int k = static_cast<int>(a.cols());
  const int first_stride = static_cast<int>(b.stored.stride);
  const int second_stride = static_cast<int>(a.stored.stride);
  const int result_stride = static_cast<int>(c.stride);
  routine(&first, &second, &m, &n, &k, &alpha, b.stored.data, &first_stride, a.stored.data, &second_stride, &beta,
          c.data, &result_stride);
  return true;
}

template <class T>
at::Tensor as_tensor(MatrixView<T> view) {
  using Number = std::remove_const_t<T>;
  return at::from_blob(const_cast<Number*>(view.data), {view.rows, view.cols}, {view.stride, 1},
                       at::TensorOptions().dtype(c10::CppTypeToScalarType<Number>::value));
}

template <class T>
at::Tensor as_tensor(const Operand<T>& operand) {
  const at::Tensor stored = as_tensor(operand.stored);
  return operand.transposed ? stored.t() : stored;
}

}  // namespace

bool onednn(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta) {
  static auto* const routine = find_routine<OneDnnGemm<float>>("dnnl_sgemm");
  return call_onednn(routine, c, a, b, alpha, beta);
}

bool onednn(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha, float beta) {
  static auto* const routine = find_routine<OneDnnGemm<c10::BFloat16>>("dnnl_gemm_bf16bf16f32");
  return call_onednn(routine, c, a, b, alpha, beta);
}

bool blas(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta) {
  static auto* const routine = find_routine<BlasGemm<float>>("sgemm_");
  return call_blas(routine, c, a, b, alpha, beta);
}

bool blas(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha, double beta) {
  static auto* const routine = find_routine<BlasGemm<double>>("dgemm_");
  return call_blas(routine, c, a, b, alpha, beta);
}

void aten(MatrixView<float> c, Operand<float> a, Operand<float> b, float alpha, float beta) {
  as_tensor(c).addmm_(as_tensor(a), as_tensor(b), beta, alpha);
}

void aten(MatrixView<double> c, Operand<double> a, Operand<double> b, double alpha, double beta) {
  as_tensor(c).addmm_(as_tensor(a), as_tensor(b), beta, alpha);
}

void aten(MatrixView<float> c, Operand<c10::BFloat16> a, Operand<c10::BFloat16> b, float alpha, float beta) {
  as_tensor(c).addmm_(as_tensor(a).to(at::kFloat), as_tensor(b).to(at::kFloat), beta, alpha);
}

}  // namespace edgefuse::llm::gemm_routines
