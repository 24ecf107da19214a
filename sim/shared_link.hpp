#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/flow_class.hpp"
#include "sim/flow_table.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// A link that many flows share max-min fairly, each no faster than its own access allows (Bertsekas and Gallager, Data
/// Networks, §6.5.2). It may be the root of a tree: then every flow goes through one of the branches and the root. With
/// capacity C of the root and C_a of branch a, the level L solves
///
///     Σ_a min(C_a, Σ_{f in a} min(cap_f, L)) = C
///
/// and a flow gets min(cap_f, L, L_a), with L_a the level at which its branch alone would be full. Flows of one branch
/// and cap are a class, with one clock (FlowClass): whatever comes or goes moves as many clocks as there are classes
/// and no other flow. What happens at one instant is worked out once, when time or a question comes.
///
/// Times passed to it never go back.
class SharedLink {
 public:
  using Flow = std::uint32_t;  // whatever number the caller knows a flow by; one at a time

  /// The star: no branches but the link itself.
  explicit SharedLink(BytesPerSecond capacity);
  SharedLink(BytesPerSecond capacity, std::vector<BytesPerSecond> branches);

  /// Begins to carry `size` at `now`. A cap of 0 stalls the flow until it changes.
  void start(SimTime now, Flow flow, Bytes size, BytesPerSecond cap, std::uint32_t branch = 0);
  /// Another cap from `now` on; what has been carried stays so.
  void change_cap(SimTime now, Flow flow, BytesPerSecond cap);
  /// Ends a flow early; returns what was carried of it.
  Bytes withdraw(SimTime now, Flow flow);

  /// When the next flow will be through, if nothing changes before; nothing when no flow is left, or all are stalled.
  [[nodiscard]] std::optional<SimTime> next_end();
  /// Takes out the flows that are through at `now`, in order of their numbers; one with nothing left is, stalled or
  /// not.
  [[nodiscard]] std::vector<Flow> take_ended(SimTime now);

  [[nodiscard]] std::size_t flows() const { return running_.size(); }
  /// What a flow gets at this moment.
  [[nodiscard]] BytesPerSecond rate(Flow flow);
  /// What has been carried of a flow that runs.
  [[nodiscard]] Bytes carried(SimTime now, Flow flow);

 private:
  using Classes = std::vector<FlowClass>;

  void advance(SimTime now);
  void settle();
  [[nodiscard]] RunningFlow& running(Flow flow);
  /// The class, or where it would be inserted.
  [[nodiscard]] Classes::iterator place_of(std::uint32_t branch, double cap);
  void begin(RunningFlow& flow, double left);
  void leave(Classes::iterator from);

  double capacity_;
  std::vector<double> branches_;
  bool settled_ = true;  // whether the rates are those of the flows that are there
  double level_ = 0;     // of the root
  SimTime now_{};
  Classes classes_;  // those with flows, by branch and cap
  FlowTable running_;
};

}  // namespace edgefuse::sim
