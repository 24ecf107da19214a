#include "sim/availability/cycle.hpp"

#include <algorithm>

#include "sim/expects.hpp"

namespace edgefuse::sim {

Cycle::Cycle(std::int64_t period, std::span<const Stay> stays)
    : period_{period}, there_at_end_{!stays.empty() && stays.back().to == period} {
  EDGEFUSE_EXPECTS(0 < period && period <= longest_cycle, "a pattern that repeats has a length that can be added to");
  std::int64_t end = 0;  // of the stay before
  bool there = there_at_end_;
  for (const auto& [from, to] : stays) {
    EDGEFUSE_EXPECTS(end <= from && from < to && to <= period, "stays are in order, apart, and within the period");
    if (there && from > end) changes_.push_back(end);
    if (!there || from > end) changes_.push_back(from);
    there = true;
    end = to;
  }
  if (there && end < period) changes_.push_back(end);
}

Presence Cycle::at(SimTime now, std::int64_t offset) const {
  EDGEFUSE_EXPECTS(now.nanoseconds >= 0, "virtual time begins at 0");
  EDGEFUSE_EXPECTS(0 <= offset && offset < period_, "an offset lies within the period");
  if (changes_.empty()) return {.there = there_at_end_, .until = SimTime::never()};

  const auto instant = (now.nanoseconds % period_ + offset) % period_;
  const auto next = std::ranges::upper_bound(changes_, instant);
  const bool turned = (next - changes_.begin()) % 2 == 1;
  const auto wait = next != changes_.end() ? *next - instant : period_ - instant + changes_.front();
  return {.there = there_at_end_ != turned,
          .until = wait < SimTime::never().nanoseconds - now.nanoseconds ? SimTime{now.nanoseconds + wait}
                                                                         : SimTime::never()};
}

}  // namespace edgefuse::sim
