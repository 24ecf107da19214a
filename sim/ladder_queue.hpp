#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/event.hpp"
#include "sim/event_bag.hpp"
#include "sim/heap_queue.hpp"
#include "sim/pending_events.hpp"

namespace edgefuse::sim {

/// A ladder queue (Tang, Goh and Thng, ACM TOMACS 15(3), 2005): O(1) amortised for both, where a heap's O(log n) cache
/// misses are what costs. Far events lie unsorted in the `top`; nearer ones in rungs of buckets, each rung splitting
/// one bucket of the rung above it; the nearest few, sorted, in the `bottom`. An event is moved a few times and sorted
/// once, among its neighbours.
class LadderQueue {
 public:
  // Inline, so that an event's fields go from the registers of whoever makes it to where it will lie: through the stack
  // they would be written in parts and read as one, which no processor forwards.
  void push(const Event& event) {
    ++size_;
    const std::int64_t time = event.time.nanoseconds;
    if (time >= top_start_) return add_to_top(event);
    for (std::size_t depth = 0; depth < depth_; ++depth)
      if (rungs_[depth].takes(time)) return rungs_[depth].add(event, chunks_);
    insert_into_bottom(event);
  }

  /// Takes out the first event. `opened` is called with every event that has become one of the nearest few, so that a
  /// model can fetch what the event will need before its turn comes.
  template <class Opened>
  [[nodiscard]] Event pop(const Opened& opened) {
    if (bottom_.empty() && crowd_.empty()) {
      refill();
      for (const Event& event : bottom_)
        opened(event);
    }
    --size_;
    if (!crowd_.empty() && (bottom_.empty() || before(crowd_.first(), bottom_.back()))) return crowd_.pop();
    const Event first = bottom_.back();
    bottom_.pop_back();
    return first;
  }
  [[nodiscard]] Event pop() {
    return pop([](const Event&) {});
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  /// Buckets of 2^shift ns from `start` on. Those before `next` have been taken.
  struct Rung {
    std::int64_t start = 0;
    int shift = 0;
    std::size_t next = 0;
    std::size_t used = 0;  // buckets of this rung; the vector may hold more, for their memory
    std::size_t events = 0;
    std::vector<EventBag> buckets{};

    [[nodiscard]] std::int64_t bucket_start(std::size_t bucket) const {
      return start + (static_cast<std::int64_t>(bucket) << shift);
    }
    [[nodiscard]] bool takes(std::int64_t time) const { return time >= bucket_start(next); }
    void add(const Event& event, EventBag::Chunks& chunks) {
      buckets[static_cast<std::size_t>((event.time.nanoseconds - start) >> shift)].add(event, chunks);
      ++events;
    }
  };

  void add_to_top(const Event& event) {
    const std::int64_t time = event.time.nanoseconds;
    top_least_ = top_.empty() ? time : std::min(top_least_, time);
    top_most_ = top_.empty() ? time : std::max(top_most_, time);
    top_.add(event, chunks_);
  }
  void refill();
  /// A rung below all others for events from `first` to before `end`, about `count` of them.
  Rung& open_rung(std::int64_t first, std::int64_t end, std::size_t count);
  void spread(EventBag& events, Rung& rung);
  void take_bottom(EventBag& events);
  void insert_into_bottom(const Event& event);
  void split_bottom();
  /// The earliest time that belongs to a rung or the top.
  [[nodiscard]] std::int64_t bottom_end() const;

  EventBag::Chunks chunks_;
  EventBag top_;
  std::int64_t top_start_ = 0;  // what is not before it belongs to the top
  std::int64_t top_least_ = 0;  // times in the top
  std::int64_t top_most_ = 0;
  std::vector<Rung> rungs_;  // from coarse to fine; those from `depth_` on are empty and kept for their memory
  std::size_t depth_ = 0;
  std::vector<Event> bottom_;  // the next event is the last
  HeapQueue crowd_;            // events of the bottom's instant, when so many share it that inserting costs too much
  std::size_t size_ = 0;
};

static_assert(PendingEvents<LadderQueue>);

}  // namespace edgefuse::sim
