#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/availability/availability.hpp"

namespace edgefuse::sim {

/// The instants from `from` to the one before `to` of a pattern, in nanoseconds since its start.
struct Stay {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// A million hours, 114 years, in nanoseconds: two of them are still a number.
inline constexpr std::int64_t longest_cycle = 3'600'000'000'000'000'000;

/// Presence that repeats for ever. Kept are the instants of one period at which it changes; looking it up is a binary
/// search among them.
class Cycle {
 public:
  /// `period` nanoseconds: 0 < period <= longest_cycle. `stays` are in order within [0, period] and do not overlap;
  /// those that touch, also across the end of the period, become one.
  Cycle(std::int64_t period, std::span<const Stay> stays);

  /// As Availability::presence, for a client whose time 0 is instant `offset` of the pattern: 0 <= offset < period.
  [[nodiscard]] Presence at(SimTime now, std::int64_t offset) const;

  [[nodiscard]] std::int64_t period() const { return period_; }
  [[nodiscard]] bool ever_there() const { return there_at_end_ || !changes_.empty(); }

 private:
  std::int64_t period_;
  std::vector<std::int64_t> changes_;  // rising, in [0, period), even in number: each turns presence into its opposite
  bool there_at_end_;                  // of a period, which is also the state before the first change
};

}  // namespace edgefuse::sim
