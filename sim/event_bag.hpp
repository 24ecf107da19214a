#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/event.hpp"

namespace edgefuse::sim {

/// Events in no order, in chunks that all bags of a queue share. Adding one writes to the end of a chunk and never
/// moves what is there; a chunk that one bag has done with is the next that any bag takes, while it is still in cache.
class EventBag {
  struct Chunk;

 public:
  /// Owns the chunks of any number of bags, and outlives what they hold.
  class Chunks {
   public:
    [[nodiscard]] Chunk* take() {
      if (free_ == nullptr) allocate();
      return std::exchange(free_, free_->next);
    }
    void give_back(Chunk* chunk) { chunk->next = std::exchange(free_, chunk); }

   private:
    void allocate();

    std::vector<std::unique_ptr<Chunk[]>> slabs_;
    std::size_t allocated_ = 0;
    Chunk* free_ = nullptr;
  };

  EventBag() = default;
  /// Leaves `other` empty.
  EventBag(EventBag&& other) noexcept
      : last_{std::exchange(other.last_, nullptr)}, in_last_{other.in_last_}, full_{other.full_} {}
  EventBag& operator=(EventBag&&) = delete;

  [[nodiscard]] bool empty() const { return last_ == nullptr; }
  [[nodiscard]] std::size_t size() const { return empty() ? 0 : full_ * capacity + in_last_; }

  void add(const Event& event, Chunks& chunks) {
    if (empty() || in_last_ == capacity) open_chunk(chunks);
    last_->events[in_last_++] = event;
  }

  /// Calls `act` with each event and leaves the bag empty. `act` may add to other bags, not to this one.
  void drain(Chunks& chunks, const auto& act) {
    for (; !empty(); in_last_ = capacity) {
      for (std::uint32_t i = 0; i < in_last_; ++i)
        act(last_->events[i]);
      Chunk* const done = std::exchange(last_, last_->next);
      chunks.give_back(done);
    }
  }

 private:
  static constexpr std::uint32_t capacity = 21;
  struct Chunk {
    std::array<Event, capacity> events;
    Chunk* next;  // of the same bag, or the next free one
  };
  static_assert(sizeof(Chunk) == 512, "eight whole cache lines");

  void open_chunk(Chunks& chunks) {
    full_ = empty() ? 0 : full_ + 1;
    Chunk* const chunk = chunks.take();
    chunk->next = last_;
    last_ = chunk;
    in_last_ = 0;
  }

  Chunk* last_ = nullptr;      // the one being filled, which knows those before it
  std::uint32_t in_last_ = 0;  // events in it
  std::uint32_t full_ = 0;     // chunks before it
};

}  // namespace edgefuse::sim
