#pragma once

#include <span>

#include "sim/random.hpp"
#include "sim/registry.hpp"

namespace edgefuse::clients {

/// Plug-in point: how numbers of factors are encoded on their way, up or down. A method is one file with a function
/// that returns it and a line in registry.cpp.
class Compressor {
 public:
  Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  virtual ~Compressor() = default;

  /// Bits on the wire for each number, those of scales and indices shared out.
  [[nodiscard]] virtual double bits_each() const = 0;
  /// Puts in the numbers' place what is decoded at the other end. `draws` is for rounding at random.
  virtual void transmit(std::span<float> numbers, sim::Draws& draws) const = 0;
};

[[nodiscard]] Method<Compressor> no_compression();
[[nodiscard]] Method<Compressor> half_precision();
[[nodiscard]] Method<Compressor> int8_compression();
[[nodiscard]] Method<Compressor> int4_compression();
[[nodiscard]] Method<Compressor> top_k();

/// All compressions by name.
[[nodiscard]] Registry<Compressor> compressors();

}  // namespace edgefuse::clients
