// GFLOP/s of the routines `llm::multiply` chooses from, at the shapes a gang's step has: x·W' (forward) and dy·W
// (backward) for 512 and 1024 packed tokens, and the thin products with an adapter's factors.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include <c10/util/BFloat16.h>

#include "llm/gemm_routines.hpp"
#include "llm/threads.hpp"

namespace {

using namespace edgefuse::llm;

template <class T>
using Routine = bool (*)(MatrixView<float>, Operand<T>, Operand<T>, float, float);

template <class T, Routine<T> routine, bool transpose>
void product(benchmark::State& state) {
  use_one_thread_per_gang();
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  std::vector<T> a(static_cast<std::size_t>(m * k), T{0.5F});
  std::vector<T> b(static_cast<std::size_t>(n * k), T{0.25F});
  std::vector<float> c(static_cast<std::size_t>(m * n));
  const MatrixView<const T> left{a.data(), m, k, k};
  const MatrixView<const T> right =
      transpose ? MatrixView<const T>{b.data(), n, k, k} : MatrixView<const T>{b.data(), k, n, n};
  for ([[maybe_unused]] const auto _ : state) {
    if (!routine({c.data(), m, n, n}, {left}, {right, transpose}, 1, 0))
      return state.SkipWithError("this process does not have the routine");
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * static_cast<double>(m * n * k) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "n", "k"})->Unit(benchmark::kMicrosecond);
  bench->Args({1024, 1024, 1024});
  for (const std::int64_t m : {512, 1024}) {
    bench->Args({m, 288, 288})->Args({m, 768, 288})->Args({m, 288, 768})->Args({m, 32000, 288})->Args({m, 288, 32000});
    bench->Args({m, 512, 512})->Args({m, 1408, 512})->Args({m, 512, 1408});
  }
  bench->Args({512, 8, 288})->Args({512, 288, 8})->Args({8, 288, 512})->Args({128, 128, 48})->Args({128, 48, 128});
}

constexpr auto onednn_fp32 = static_cast<Routine<float>>(gemm_routines::onednn);
constexpr auto blas_fp32 = static_cast<Routine<float>>(gemm_routines::blas);
constexpr auto onednn_bf16 = static_cast<Routine<c10::BFloat16>>(gemm_routines::onednn);

BENCHMARK(product<float, onednn_fp32, true>)->Apply(shapes)->Name("onednn/fp32/forward");
BENCHMARK(product<float, onednn_fp32, false>)->Apply(shapes)->Name("onednn/fp32/backward");
BENCHMARK(product<float, blas_fp32, true>)->Apply(shapes)->Name("blas/fp32/forward");
BENCHMARK(product<float, blas_fp32, false>)->Apply(shapes)->Name("blas/fp32/backward");
BENCHMARK(product<c10::BFloat16, onednn_bf16, true>)->Apply(shapes)->Name("onednn/bf16/forward");
BENCHMARK(product<c10::BFloat16, onednn_bf16, false>)->Apply(shapes)->Name("onednn/bf16/backward");

}  // namespace
