#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "clients/compression/compressor.hpp"

namespace edgefuse::clients {
namespace {

/// QSGD's stochastic rounding (1610.02132) with the largest magnitude of each block for its scale s: of x / s·L, with L
/// levels to either side, the whole number below or above is sent, by lot with the mean x / s·L. No bias, and an error
/// of at most s / L.
class Quantised final : public Compressor {
 public:
  Quantised(int bits, std::int64_t block)
      : bits_{bits}, block_{static_cast<std::size_t>(block)}, levels_{std::exp2(bits - 1) - 1} {}

  [[nodiscard]] double bits_each() const override { return bits_ + 32.0 / static_cast<double>(block_); }

  void transmit(std::span<float> numbers, sim::Draws& draws) const override {
    for (std::size_t first = 0; first < numbers.size(); first += block_)
      round(numbers.subspan(first, std::min(block_, numbers.size() - first)), draws);
  }

 private:
  void round(std::span<float> block, sim::Draws& draws) const {
    float scale = 0;
    for (const auto x : block)
      scale = std::max(scale, std::abs(x));
    if (scale == 0) return;
    for (auto& x : block) {
      const double place = x / static_cast<double>(scale) * levels_;
      const double below = std::floor(place);
      const double level = below + (draws.uniform() < place - below ? 1 : 0);
      x = static_cast<float>(level / levels_ * scale);
    }
  }

  int bits_;
  std::size_t block_;
  double levels_;
};

Method<Compressor> quantised(const char* name, int bits) {
  return {.name = name,
          .summary = "whole numbers with a scale for each block, rounded at random without bias (1610.02132)",
          .parameters = {{.name = "block",
                          .standard = 64.0,
                          .meaning = "numbers that share a scale",
                          .least = 1,
                          .most = 1e9,
                          .whole = true}},
          .make = [bits](const Parameters& p) -> std::unique_ptr<Compressor> {
            return std::make_unique<Quantised>(bits, static_cast<std::int64_t>(number(p, "block")));
          }};
}

}  // namespace

Method<Compressor> int8_compression() {
  return quantised("int8", 8);
}

Method<Compressor> int4_compression() {
  return quantised("int4", 4);
}

}  // namespace edgefuse::clients
