#include "sim/availability/always.hpp"

#include <memory>

namespace edgefuse::sim {
namespace {

class Always final : public Availability {
 public:
  [[nodiscard]] Presence presence(std::uint64_t /*seed*/, std::uint32_t /*client*/, SimTime /*at*/) const override {
    return {.there = true, .until = SimTime::never()};
  }
};

}  // namespace

Method<Availability> always_available() {
  return {.name = "always",
          .summary = "every client, at all times",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Availability> { return std::make_unique<Always>(); }};
}

}  // namespace edgefuse::sim
