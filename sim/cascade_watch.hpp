#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "sim/event.hpp"

namespace edgefuse::sim {

/// Notices a model that schedules events at one instant without end. It costs a comparison an event, and no memory for
/// actors: who is to blame is found out only when an instant has more events than any model needs.
class CascadeWatch {
 public:
  explicit CascadeWatch(std::uint32_t actors) : most_at_one_instant_{1000 + 16 * std::uint64_t{actors}} {}

  /// Counts an event about to be handled; true when its actor has gone on long enough past the bound to be the culprit.
  [[nodiscard]] bool never_ends(const Event& event) {
    at_instant_ = event.time == instant_ ? at_instant_ + 1 : 1;
    instant_ = event.time;
    if (at_instant_ <= most_at_one_instant_) return false;
    if (at_instant_ == most_at_one_instant_ + 1) past_the_bound_.clear();
    return ++past_the_bound_[event.actor] > 100;
  }

  /// Throws the RunError that names the culprit and the kind of its event.
  [[noreturn]] void fail(const Event& event, std::string_view kind) const;

 private:
  std::uint64_t most_at_one_instant_;
  std::uint64_t at_instant_ = 0;
  SimTime instant_{-1};
  std::map<std::uint32_t, int> past_the_bound_;  // events of each actor
};

}  // namespace edgefuse::sim
