#include <memory>

#include "clients/compression/compressor.hpp"

namespace edgefuse::clients {
namespace {

class NoCompression final : public Compressor {
 public:
  [[nodiscard]] double bits_each() const override { return 32; }
  void transmit(std::span<float> /*numbers*/, sim::Draws& /*draws*/) const override {}
};

}  // namespace

Method<Compressor> no_compression() {
  return {.name = "none",
          .summary = "float32, as they are",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Compressor> { return std::make_unique<NoCompression>(); }};
}

}  // namespace edgefuse::clients
