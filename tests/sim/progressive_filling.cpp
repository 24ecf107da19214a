#include "tests/sim/progressive_filling.hpp"

#include <algorithm>
#include <cmath>

namespace edgefuse::testing {
namespace {

struct Flow {
  double left;
  double size;
  double cap;
  std::uint32_t branch;
  double rate = 0;
};
using Flows = std::map<std::uint32_t, Flow>;

void fill(const Net& net, Flows& flows) {
  double root = net.capacity;
  auto branches = net.branches;
  if (branches.empty()) branches.push_back(INFINITY);
  std::vector<Flow*> rising;
  for (auto& [number, flow] : flows)
    rising.push_back(&flow);
  for (double level = 0; !rising.empty();) {
    std::vector<double> users(branches.size(), 0);
    for (const auto* flow : rising)
      ++users[flow->branch];
    double step = root / static_cast<double>(rising.size());
    for (const auto* flow : rising)
      step = std::min({step, flow->cap - level, branches[flow->branch] / users[flow->branch]});
    level += step;
    root -= step * static_cast<double>(rising.size());
    for (std::size_t b = 0; b < branches.size(); ++b)
      branches[b] -= step * users[b];
    for (auto* flow : rising)
      flow->rate = level;
    if (root <= 1e-12 * net.capacity) return;
    std::erase_if(rising, [&](const Flow* flow) {
      return flow->cap <= level * (1 + 1e-15) ||
             (!net.branches.empty() && branches[flow->branch] <= 1e-12 * net.branches[flow->branch]);
    });
  }
}

/// When the next flow will be through; never when none will.
SimTime next_end(const Flows& flows, SimTime now) {
  double soonest = INFINITY;
  for (const auto& [number, flow] : flows)
    if (flow.rate > 0) soonest = std::min(soonest, std::max(0.0, flow.left) / flow.rate);
  return std::isinf(soonest) ? SimTime::never() : after(now, Seconds{soonest});
}

void apply(const Change& change, Flows& flows, Outcome& outcome) {
  if (change.kind == Change::Kind::start) {
    flows[change.flow] = {.left = change.size, .size = change.size, .cap = change.cap, .branch = change.branch};
    return;
  }
  const auto found = flows.find(change.flow);
  if (found == flows.end()) return;
  if (change.kind == Change::Kind::cap) {
    found->second.cap = change.cap;
  } else {
    outcome.withdrawn[change.flow] = found->second.size - found->second.left;
    flows.erase(found);
  }
}

}  // namespace

Outcome fill_progressively(const Net& net, const std::vector<Change>& changes) {
  Outcome outcome;
  Flows flows;
  auto next = changes.begin();
  for (SimTime now{};;) {
    fill(net, flows);
    const SimTime until = std::min(next_end(flows, now), next == changes.end() ? SimTime::never() : next->at);
    if (until == SimTime::never()) return outcome;
    for (auto& [number, flow] : flows)
      flow.left -= flow.rate * until.since(now).value;
    now = until;
    std::erase_if(flows, [&](const auto& entry) {
      const auto& [number, flow] = entry;
      // A millionth of a byte is less than any of them carries in a nanosecond.
      if (flow.left > 1e-6) return false;
      outcome.ends[number] = now;
      return true;
    });
    for (; next != changes.end() && next->at == now; ++next)
      apply(*next, flows, outcome);
  }
}

}  // namespace edgefuse::testing
