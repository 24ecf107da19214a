#include "sim/shared_link.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "sim/expects.hpp"
#include "sim/fair_level.hpp"

namespace edgefuse::sim {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

SharedLink::SharedLink(BytesPerSecond capacity) : SharedLink{capacity, {BytesPerSecond{infinite}}} {}

SharedLink::SharedLink(BytesPerSecond capacity, std::vector<BytesPerSecond> branches) : capacity_{capacity.value} {
  EDGEFUSE_EXPECTS(capacity.value > 0 && !branches.empty(), "a link has a capacity, and a tree has branches");
  for (const auto branch : branches) {
    EDGEFUSE_EXPECTS(branch.value > 0, "a branch has a capacity");
    branches_.push_back(branch.value);
  }
}

void SharedLink::start(SimTime now, Flow flow, Bytes size, BytesPerSecond cap, std::uint32_t branch) {
  EDGEFUSE_EXPECTS(size.value >= 0 && cap.value >= 0 && std::isfinite(cap.value), "a flow has a size and a finite cap");
  EDGEFUSE_EXPECTS(branch < branches_.size(), "a flow goes through a branch of the link");
  advance(now);
  RunningFlow begun{.size = size.value, .cap = cap.value, .flow = flow, .branch = branch};
  begin(begun, size.value);
  running_.insert(begun);
}

void SharedLink::change_cap(SimTime now, Flow flow, BytesPerSecond cap) {
  EDGEFUSE_EXPECTS(cap.value >= 0 && std::isfinite(cap.value), "a flow has a finite cap");
  advance(now);
  RunningFlow& changed = running(flow);
  if (changed.cap == cap.value) return;
  const auto from = place_of(changed.branch, changed.cap);
  const double left = from->left(changed.end);
  changed.cap = cap.value;
  leave(from);
  begin(changed, left);
}

Bytes SharedLink::withdraw(SimTime now, Flow flow) {
  const Bytes through = carried(now, flow);
  const RunningFlow& withdrawn = running(flow);
  const auto from = place_of(withdrawn.branch, withdrawn.cap);
  running_.erase(flow);
  leave(from);
  return through;
}

std::optional<SimTime> SharedLink::next_end() {
  settle();
  double soonest = infinite;
  for (const auto& c : classes_) {
    const double left = std::max(0.0, c.soonest() - c.clock);
    soonest = std::min(soonest, left > 0 ? left / c.rate : 0);
  }
  if (soonest == infinite) return std::nullopt;
  return after(now_, Seconds{soonest});
}

std::vector<SharedLink::Flow> SharedLink::take_ended(SimTime now) {
  advance(now);
  std::vector<Flow> ended;
  bool empty_classes = false;
  for (auto& c : classes_) {
    if (!c.due()) continue;
    c.take_ended(running_, ended);
    empty_classes = empty_classes || c.flows() == 0;
  }
  if (empty_classes) std::erase_if(classes_, [](const FlowClass& c) { return c.flows() == 0; });
  settled_ = settled_ && ended.empty();
  std::ranges::sort(ended);
  return ended;
}

BytesPerSecond SharedLink::rate(Flow flow) {
  settle();
  const RunningFlow& asked = running(flow);
  return BytesPerSecond{place_of(asked.branch, asked.cap)->rate};
}

Bytes SharedLink::carried(SimTime now, Flow flow) {
  advance(now);
  const RunningFlow& asked = running(flow);
  const double left = place_of(asked.branch, asked.cap)->left(asked.end);
  return Bytes{asked.size - std::min(left, asked.size)};
}

void SharedLink::advance(SimTime now) {
  EDGEFUSE_EXPECTS(now >= now_, "time does not go back");
  if (now == now_) return;
  settle();
  const double elapsed = now.since(now_).value;
  for (auto& c : classes_)
    c.clock += c.rate * elapsed;
  now_ = now;
}

/// What a class can use is its cap, then no more than the level of its branch, then no more than that of the root.
void SharedLink::settle() {
  if (std::exchange(settled_, true)) return;
  for (auto& c : classes_)
    c.rate = c.cap;
  const auto limit = [](std::span<FlowClass> classes, double level) {
    for (auto& c : classes)
      c.rate = std::min(c.rate, level);
  };
  for (auto first = classes_.begin(); first != classes_.end();) {
    const auto last = std::find_if(first, classes_.end(), [&](const auto& c) { return c.branch != first->branch; });
    const std::span branch{first, last};
    if (const double most = branches_[first->branch]; most < infinite) limit(branch, fair_level(branch, most));
    first = last;
  }
  level_ = branches_.size() == 1 ? fair_level(classes_, capacity_) : fair_level(classes_, capacity_, level_);
  limit(classes_, level_);
}

RunningFlow& SharedLink::running(Flow flow) {
  RunningFlow* found = running_.find(flow);
  EDGEFUSE_EXPECTS(found != nullptr, "a flow that runs is asked for");
  return *found;
}

SharedLink::Classes::iterator SharedLink::place_of(std::uint32_t branch, double cap) {
  return std::ranges::lower_bound(classes_, std::pair{branch, cap}, {}, [](const FlowClass& c) {
    return std::pair{c.branch, c.cap};
  });
}

void SharedLink::begin(RunningFlow& flow, double left) {
  auto to = place_of(flow.branch, flow.cap);
  if (to == classes_.end() || to->branch != flow.branch || to->cap != flow.cap)
    to = classes_.insert(to, FlowClass{flow.branch, flow.cap});
  flow.end = to->begin(flow.flow, left);
  settled_ = false;
}

void SharedLink::leave(Classes::iterator from) {
  from->leave(running_);
  if (from->flows() == 0) classes_.erase(from);
  settled_ = false;
}

}  // namespace edgefuse::sim
