#include "llm/engine/dropout.hpp"

#include <algorithm>
#include <cmath>

#include "sim/random.hpp"

namespace edgefuse::llm::engine {
namespace {

/// Two columns of 16 bits share a draw.
template <class T>
void mask_row(sim::Draws draws, std::uint32_t threshold, T factor, const T* x, T* y, std::int64_t count) {
  for (std::int64_t j = 0; j < count; j += 2) {
    const std::uint32_t bits = draws.bits();
    y[j] = (bits & 0xffffU) < threshold ? T{0} : x[j] * factor;
    if (j + 1 < count) y[j + 1] = (bits >> 16) < threshold ? T{0} : x[j + 1] * factor;
  }
}

template <class T>
void mask(double rate, std::uint64_t seed, std::uint32_t module, std::span<const std::int64_t> tokens,
          MatrixView<const T> x, MatrixView<T> y) {
  const auto threshold = std::min(65535U, static_cast<std::uint32_t>(std::lround(rate * 65536)));
  const T factor = static_cast<T>(1 / (1 - threshold / 65536.0));
  for (std::int64_t i = 0; i < x.rows; ++i)
    mask_row(sim::Draws{{seed, sim::Domain::dropout, module,
                         static_cast<std::uint32_t>(tokens[static_cast<std::size_t>(i)])}},
             threshold, factor, x.row(i), y.row(i), x.cols);
}

}  // namespace

void Dropout::apply(std::size_t member, std::uint32_t module, std::span<const std::int64_t> tokens,
                    MatrixView<const float> x, MatrixView<float> y) const {
  mask(rate_, seeds_[member], module, tokens, x, y);
}

void Dropout::apply(std::size_t member, std::uint32_t module, std::span<const std::int64_t> tokens,
                    MatrixView<const double> x, MatrixView<double> y) const {
  mask(rate_, seeds_[member], module, tokens, x, y);
}

}  // namespace edgefuse::llm::engine
