#include "sim/shared_link.hpp"

#include <algorithm>
#include <limits>

#include "sim/expects.hpp"

namespace edgefuse::sim {
namespace {

/// What a clock may lack and be there all the same: the rounding of sums of bytes over a long run.
constexpr double slack = 1e-12;

}  // namespace

void SharedLink::start(SimTime now, Flow flow, Bytes size, BytesPerSecond cap) {
  EDGEFUSE_EXPECTS(cap.value > 0 && size.value >= 0, "a flow has a size and a rate above 0");
  advance(now);
  Class& c = classes_.try_emplace(cap.value, Class{.cap = cap.value}).first->second;
  const Running running{cap.value, size.value, c.clock + size.value, tickets_++};
  EDGEFUSE_EXPECTS(flows_.emplace(flow, running).second, "a flow runs once at a time");
  c.targets.push({running.end, flow, running.ticket});
  ++c.flows;
  find_level();
}

Bytes SharedLink::withdraw(SimTime now, Flow flow) {
  advance(now);
  const auto found = flows_.find(flow);
  EDGEFUSE_EXPECTS(found != flows_.end(), "a flow that runs is withdrawn");
  const Running running = found->second;
  flows_.erase(found);
  Class& c = classes_.at(running.cap);
  const double left = std::clamp(running.end - c.clock, 0.0, running.size);
  ++c.withdrawn;
  leave(c);
  find_level();
  return Bytes{running.size - left};
}

std::optional<SimTime> SharedLink::next_end() {
  if (flows_.empty()) return std::nullopt;
  double soonest = std::numeric_limits<double>::infinity();
  for (auto& [cap, c] : classes_) {
    drop_withdrawn(c);
    soonest = std::min(soonest, std::max(0.0, c.targets.top().clock - c.clock) / rate_of(c));
  }
  return after(now_, Seconds{soonest});
}

std::vector<SharedLink::Flow> SharedLink::take_ended(SimTime now) {
  advance(now);
  std::vector<Flow> ended;
  for (auto next = classes_.begin(); next != classes_.end();) {
    Class& c = (next++)->second;
    const double reached = c.clock + slack * c.clock;
    for (drop_withdrawn(c); !c.targets.empty() && c.targets.top().clock <= reached; drop_withdrawn(c)) {
      ended.push_back(c.targets.top().flow);
      c.targets.pop();
      flows_.erase(ended.back());
      --c.flows;
    }
    if (c.flows == 0) classes_.erase(c.cap);
  }
  std::ranges::sort(ended);
  find_level();
  return ended;
}

BytesPerSecond SharedLink::rate(Flow flow) const {
  const auto found = flows_.find(flow);
  EDGEFUSE_EXPECTS(found != flows_.end(), "a flow that runs has a rate");
  return BytesPerSecond{std::min(found->second.cap, level_)};
}

void SharedLink::advance(SimTime now) {
  EDGEFUSE_EXPECTS(now >= now_, "time does not go back");
  if (now == now_) return;
  const double elapsed = now.since(now_).value;
  for (auto& [cap, c] : classes_)
    c.clock += rate_of(c) * elapsed;
  now_ = now;
}

/// Caps from the smallest on: as long as a class asks for less than an even share of what is left, it gets its cap.
void SharedLink::find_level() {
  double left = capacity_;
  auto sharing = static_cast<double>(flows_.size());
  level_ = std::numeric_limits<double>::infinity();
  for (const auto& [cap, c] : classes_) {
    if (cap * sharing >= left) {
      level_ = left / sharing;
      return;
    }
    left -= cap * static_cast<double>(c.flows);
    sharing -= static_cast<double>(c.flows);
  }
}

void SharedLink::drop_withdrawn(Class& c) const {
  while (c.withdrawn > 0 && !c.targets.empty()) {
    const auto found = flows_.find(c.targets.top().flow);
    if (found != flows_.end() && found->second.ticket == c.targets.top().ticket) return;
    c.targets.pop();
    --c.withdrawn;
  }
}

void SharedLink::leave(Class& c) {
  if (--c.flows == 0) classes_.erase(c.cap);
}

}  // namespace edgefuse::sim
