#include <algorithm>
#include <memory>

#include <c10/util/Half.h>

#include "clients/compression/compressor.hpp"

namespace edgefuse::clients {
namespace {

/// IEEE binary16, rounded to nearest. What is too large for it is sent as the largest it has.
class HalfPrecision final : public Compressor {
 public:
  [[nodiscard]] double bits_each() const override { return 16; }
  void transmit(std::span<float> numbers, sim::Draws& /*draws*/) const override {
    for (auto& x : numbers)
      x = static_cast<float>(c10::Half{std::clamp(x, -largest, largest)});
  }

 private:
  static constexpr float largest = 65504;
};

}  // namespace

Method<Compressor> half_precision() {
  return {.name = "fp16",
          .summary = "half precision, rounded to nearest",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Compressor> { return std::make_unique<HalfPrecision>(); }};
}

}  // namespace edgefuse::clients
