#include "sim/flow_table.hpp"

#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::sim {

RunningFlow* FlowTable::find(std::uint32_t flow) {
  auto& place = places_[place_of(flow)];
  return place.branch == RunningFlow::nowhere ? nullptr : &place;
}

const RunningFlow* FlowTable::find(std::uint32_t flow) const {
  const auto& place = places_[place_of(flow)];
  return place.branch == RunningFlow::nowhere ? nullptr : &place;
}

void FlowTable::insert(const RunningFlow& running) {
  if (2 * (size_ + 1) > places_.size()) grow();
  auto& place = places_[place_of(running.flow)];
  EDGEFUSE_EXPECTS(place.branch == RunningFlow::nowhere, "a flow runs once at a time");
  place = running;
  ++size_;
}

/// Those behind that would be looked for at the place or before it move up, so that no search ends too early (Knuth,
/// TAOCP 3, §6.4, algorithm R).
void FlowTable::erase(std::uint32_t flow) {
  std::size_t hole = place_of(flow);
  EDGEFUSE_EXPECTS(places_[hole].branch != RunningFlow::nowhere, "a flow that runs is taken out");
  for (auto next = after(hole); places_[next].branch != RunningFlow::nowhere; next = after(next)) {
    if (distance(home(places_[next].flow), next) < distance(hole, next)) continue;
    places_[hole] = places_[next];
    hole = next;
  }
  places_[hole].branch = RunningFlow::nowhere;
  --size_;
}

std::size_t FlowTable::place_of(std::uint32_t flow) const {
  std::size_t place = home(flow);
  while (places_[place].branch != RunningFlow::nowhere && places_[place].flow != flow)
    place = after(place);
  return place;
}

void FlowTable::grow() {
  --shift_;
  for (const auto& running : std::exchange(places_, std::vector<RunningFlow>(2 * places_.size())))
    if (running.branch != RunningFlow::nowhere) places_[place_of(running.flow)] = running;
}

}  // namespace edgefuse::sim
