#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// One link that many flows share max-min fairly, each no faster than its own access allows: with level L the least
/// number for which Σ min(cap, L) uses the capacity up, a flow gets min(cap, L) (Bertsekas and Gallager, Data Networks,
/// §6.5.2). Flows with one cap are a class. What a flow of a class has carried is a difference of its class' clock
/// V(t) = ∫ min(cap, L) dt, so a flow that comes or goes moves as many clocks as there are classes and no other flow.
class SharedLink {
 public:
  using Flow = std::uint32_t;  // whatever number the caller knows a flow by; one at a time

  explicit SharedLink(BytesPerSecond capacity) : capacity_{capacity.value} {}

  /// Begins to carry `size` at `now`, which never goes back from one call to the next.
  void start(SimTime now, Flow flow, Bytes size, BytesPerSecond cap);
  /// Ends a flow early; returns what was carried of it.
  Bytes withdraw(SimTime now, Flow flow);

  /// When the next flow will be through, if none comes or goes before; nothing when no flow is left.
  [[nodiscard]] std::optional<SimTime> next_end();
  /// Takes out the flows that are through at `now`, in order of their numbers.
  [[nodiscard]] std::vector<Flow> take_ended(SimTime now);

  [[nodiscard]] std::size_t flows() const { return flows_.size(); }
  /// What a flow gets at this moment.
  [[nodiscard]] BytesPerSecond rate(Flow flow) const;

 private:
  /// Where the clock of its class will stand when a flow is through.
  struct Target {
    double clock;
    Flow flow;
    std::uint64_t ticket;  // tells a flow from an earlier one of the same number
    friend bool operator>(const Target& a, const Target& b) { return a.clock > b.clock; }
  };
  struct Class {
    double cap;
    double clock = 0;
    std::size_t flows = 0;
    std::size_t withdrawn = 0;  // whose targets are still there
    std::priority_queue<Target, std::vector<Target>, std::greater<>> targets{};
  };
  struct Running {
    double cap;
    double size;
    double end;  // clock of its class
    std::uint64_t ticket;
  };

  void advance(SimTime now);
  void find_level();
  void drop_withdrawn(Class& c) const;
  [[nodiscard]] double rate_of(const Class& c) const { return c.cap < level_ ? c.cap : level_; }
  void leave(Class& c);

  double capacity_;
  double level_ = 0;
  SimTime now_{};
  std::map<double, Class> classes_;  // by cap; those with flows only
  std::unordered_map<Flow, Running> flows_;
  std::uint64_t tickets_ = 0;
};

}  // namespace edgefuse::sim
