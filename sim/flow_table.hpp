#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgefuse::sim {

/// A flow that a shared link carries, and with (branch, cap) the class it belongs to. Two of them to a cache line.
struct alignas(32) RunningFlow {
  static constexpr std::uint32_t nowhere = 0xffffffff;

  double size = 0;  // bytes
  double end = 0;   // where the clock of its class will stand when it is through, bytes
  double cap = 0;   // bytes/s
  std::uint32_t flow = 0;
  std::uint32_t branch = nowhere;  // nowhere: the place in the table is free
};

/// The running flows by number: open addressing with linear probing, at most half full, so that a flow is found with
/// one look into memory even among millions. Nobody can walk through it, so nothing depends on the order in it.
/// Pointers hold until the next insertion or removal.
class FlowTable {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Null when no such flow runs.
  [[nodiscard]] RunningFlow* find(std::uint32_t flow);
  [[nodiscard]] const RunningFlow* find(std::uint32_t flow) const;
  /// Fetches what `find` and `erase` will look at, for a flow that will soon be asked for.
  void fetch(std::uint32_t flow) const { __builtin_prefetch(&places_[home(flow)], 1); }
  /// Of a flow that is not there.
  void insert(const RunningFlow& running);
  /// Of a flow that is there.
  void erase(std::uint32_t flow);

 private:
  /// Where a flow is looked for first: the upper bits of flow · 2^32/φ (Knuth, TAOCP 3, §6.4).
  [[nodiscard]] std::size_t home(std::uint32_t flow) const { return (flow * 0x9e3779b9u) >> shift_; }
  [[nodiscard]] std::size_t after(std::size_t place) const { return (place + 1) & (places_.size() - 1); }
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
    return (to - from) & (places_.size() - 1);
  }
  /// Where the flow is, or the free place where it would be.
  [[nodiscard]] std::size_t place_of(std::uint32_t flow) const;
  void grow();

  int shift_ = 28;  // 32 minus the logarithm of the number of places
  std::vector<RunningFlow> places_ = std::vector<RunningFlow>(16);
  std::size_t size_ = 0;
};

}  // namespace edgefuse::sim
