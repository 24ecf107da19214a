#include "sim/flow_class.hpp"

#include <algorithm>
#include <functional>

namespace edgefuse::sim {

double FlowClass::begin(std::uint32_t flow, double left) {
  targets_.push_back({clock + left, flow});
  std::ranges::push_heap(targets_, std::greater{});
  soonest_ = targets_.front().clock;
  ++flows_;
  return clock + left;
}

void FlowClass::leave(const FlowTable& running) {
  --flows_;
  ++withdrawn_;
  if (withdrawn_ > flows_) {
    std::erase_if(targets_, [&](const Target& target) { return !runs(target, running); });
    std::ranges::make_heap(targets_, std::greater{});
    withdrawn_ = targets_.size() - flows_;
  }
  drop_withdrawn(running);
}

void FlowClass::take_ended(FlowTable& running, std::vector<std::uint32_t>& ended) {
  while (due()) {
    ended.push_back(targets_.front().flow);
    running.erase(ended.back());
    --flows_;
    pop();
    drop_withdrawn(running);
  }
}

bool FlowClass::runs(const Target& target, const FlowTable& running) const {
  const auto* found = running.find(target.flow);
  return found != nullptr && found->branch == branch && found->cap == cap && found->end == target.clock;
}

void FlowClass::pop() {
  std::ranges::pop_heap(targets_, std::greater{});
  targets_.pop_back();
}

void FlowClass::drop_withdrawn(const FlowTable& running) {
  while (withdrawn_ > 0 && !targets_.empty() && !runs(targets_.front(), running)) {
    pop();
    --withdrawn_;
  }
  soonest_ = targets_.empty() ? std::numeric_limits<double>::infinity() : targets_.front().clock;
  if (!targets_.empty()) running.fetch(targets_.front().flow);  // it ends when other classes had their turns
}

}  // namespace edgefuse::sim
