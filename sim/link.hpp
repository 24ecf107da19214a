#pragma once

#include <algorithm>
#include <limits>

#include "sim/units.hpp"

namespace edgefuse::sim {

/// A client's access link: it alone limits a transfer, and both directions are independent.
struct Link {
  BytesPerSecond up{};
  BytesPerSecond down{};
  Seconds latency{};  // one way
};

/// The most that one's transfers may take of a link, which may be more than it has.
struct RateCaps {
  BytesPerSecond up{std::numeric_limits<double>::infinity()};
  BytesPerSecond down{std::numeric_limits<double>::infinity()};

  friend bool operator==(const RateCaps&, const RateCaps&) = default;
};
[[nodiscard]] constexpr Link capped(const Link& link, const RateCaps& caps) {
  return {.up = std::min(link.up, caps.up), .down = std::min(link.down, caps.down), .latency = link.latency};
}

/// The first byte takes the latency, the last one follows at the rate: t = latency + bytes / rate.
[[nodiscard]] constexpr Seconds transfer_time(Bytes size, BytesPerSecond rate, Seconds latency) {
  return latency + size / rate;
}
[[nodiscard]] constexpr Seconds upload_time(const Link& link, Bytes size) {
  return transfer_time(size, link.up, link.latency);
}
[[nodiscard]] constexpr Seconds download_time(const Link& link, Bytes size) {
  return transfer_time(size, link.down, link.latency);
}

}  // namespace edgefuse::sim
