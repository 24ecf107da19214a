#pragma once

#include <optional>

#include "sim/link.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// A client's path, and until when it stays like that.
struct PathSpan {
  sim::Link link{};
  SimTime until = SimTime::never();
};

/// How a client's computing comes about once it has its variant.
struct Course {
  enum class Stop : unsigned char { crash, flat };  // the device dies, or its battery

  Seconds compute{};               // if nothing stops it
  std::optional<Seconds> stops{};  // after so long; less than `compute`
  Stop stop = Stop::crash;
  bool corrupt = false;  // the update will arrive damaged
};

}  // namespace edgefuse::clients
