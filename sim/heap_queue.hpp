#pragma once

#include <algorithm>
#include <vector>

#include "sim/event.hpp"
#include "sim/pending_events.hpp"

namespace edgefuse::sim {

/// A binary heap: O(log n) for both, and the measure for any other queue.
class HeapQueue {
 public:
  void push(Event event) {
    heap_.push_back(event);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  [[nodiscard]] Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event first = heap_.back();
    heap_.pop_back();
    return first;
  }
  [[nodiscard]] const Event& first() const { return heap_.front(); }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  static constexpr auto later = [](const Event& a, const Event& b) { return before(b, a); };

  std::vector<Event> heap_;
};

static_assert(PendingEvents<HeapQueue>);

}  // namespace edgefuse::sim
