#include <memory>

#include "clients/compression/compressor.hpp"
#include "llm/trim.hpp"

namespace edgefuse::clients {
namespace {

/// The largest magnitudes of the whole update, in float32 with a 32-bit index each (1704.05021).
class TopK final : public Compressor {
 public:
  explicit TopK(double density) : density_{density} {}

  [[nodiscard]] double bits_each() const override { return density_ * 64; }
  void transmit(std::span<float> numbers, sim::Draws& /*draws*/) const override {
    llm::trim_to_density(numbers, density_);
  }

 private:
  double density_;
};

}  // namespace

Method<Compressor> top_k() {
  return {.name = "top-k",
          .summary = "the largest numbers and their places (1704.05021)",
          .parameters = {{.name = "density",
                          .standard = 0.25,
                          .meaning = "share of the numbers that is sent",
                          .least = 0,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<Compressor> {
            return std::make_unique<TopK>(number(p, "density"));
          }};
}

}  // namespace edgefuse::clients
