#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/flow_table.hpp"

namespace edgefuse::sim {

/// The flows of one branch of a shared link that have one cap, and so always one rate. What a flow has carried is a
/// difference of the class' clock V(t) = ∫ rate dt, in bytes: it is through when the clock reaches a target that was
/// known when it began. Flows that leave early let their target lie until it comes up, or until most of them are such.
class FlowClass {
 public:
  FlowClass(std::uint32_t in_branch, double at_most) : cap{at_most}, branch{in_branch} {}

  double cap;        // bytes/s
  double clock = 0;  // bytes
  double rate = 0;   // bytes/s, of each flow

  std::uint32_t branch;

  [[nodiscard]] std::size_t flows() const { return flows_; }
  /// The least target of a flow that runs; infinite when there is none.
  [[nodiscard]] double soonest() const { return soonest_; }
  /// Of `left` bytes from now on; returns the target.
  double begin(std::uint32_t flow, double left);
  /// A flow has left that the table knows no more, or in another class.
  void leave(const FlowTable& running);
  /// Whether a flow is through.
  [[nodiscard]] bool due() const { return soonest_ <= reached(); }
  /// Takes those that are through out of the table and adds them to `ended`.
  void take_ended(FlowTable& running, std::vector<std::uint32_t>& ended);
  /// What a flow with this target still has to carry, bytes: 0 when all but rounding is through.
  [[nodiscard]] double left(double target) const { return target <= reached() ? 0 : target - clock; }

 private:
  /// What a clock may lack, relative to itself, and be there all the same: the rounding of sums over a long run.
  static constexpr double slack = 1e-12;

  struct Target {
    double clock;
    std::uint32_t flow;
    friend bool operator>(const Target& a, const Target& b) { return a.clock > b.clock; }
  };
  [[nodiscard]] double reached() const { return clock + slack * clock; }
  /// A target with flow, class and clock of a running flow is that flow's, whoever left it there.
  [[nodiscard]] bool runs(const Target& target, const FlowTable& running) const;
  void pop();
  void drop_withdrawn(const FlowTable& running);

  double soonest_ = std::numeric_limits<double>::infinity();
  std::size_t flows_ = 0;
  std::size_t withdrawn_ = 0;    // whose targets are still there
  std::vector<Target> targets_;  // a heap, the least clock first
};

}  // namespace edgefuse::sim
