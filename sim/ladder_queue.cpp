#include "sim/ladder_queue.hpp"

#include <algorithm>
#include <bit>

#include "sim/expects.hpp"

namespace edgefuse::sim {
namespace {

/// Events that are sorted at once: few enough to stay in the nearest cache.
constexpr std::size_t bottom_size = 32;
/// A bottom that many late insertions made so large is split again.
constexpr std::size_t most_in_bottom = 16 * bottom_size;
/// Buckets in a rung, at most: the ends that events are written to should stay in a near cache too.
constexpr std::size_t most_buckets = std::size_t{1} << 12;

constexpr auto later = [](const Event& a, const Event& b) { return before(b, a); };

}  // namespace

void LadderQueue::Rung::add(const Event& event) {
  buckets[static_cast<std::size_t>((event.time.nanoseconds - start) >> shift)].push_back(event);
  ++events;
}

void LadderQueue::push(Event event) {
  ++size_;
  const std::int64_t time = event.time.nanoseconds;
  if (time >= top_start_) {
    top_least_ = top_.empty() ? time : std::min(top_least_, time);
    top_most_ = top_.empty() ? time : std::max(top_most_, time);
    top_.push_back(event);
    return;
  }
  for (std::size_t depth = 0; depth < depth_; ++depth)
    if (rungs_[depth].takes(time)) return rungs_[depth].add(event);
  insert_into_bottom(event);
}

void LadderQueue::insert_into_bottom(const Event& event) {
  const bool crowded = bottom_.size() >= most_in_bottom;
  if (crowded && bottom_.front().time > bottom_.back().time) {
    split_bottom();
    --size_;
    return push(event);
  }
  if (crowded && event.time == bottom_.back().time) return crowd_.push(event);
  bottom_.insert(std::upper_bound(bottom_.begin(), bottom_.end(), event, later), event);
}

std::int64_t LadderQueue::bottom_end() const {
  return depth_ > 0 ? rungs_[depth_ - 1].bucket_start(rungs_[depth_ - 1].next) : top_start_;
}

void LadderQueue::split_bottom() {
  std::vector<Event> events;
  events.swap(bottom_);
  spread(events, open_rung(events.back().time.nanoseconds, bottom_end(), events.size()));
  refill();
}

LadderQueue::Rung& LadderQueue::open_rung(std::int64_t first, std::int64_t end, std::size_t count) {
  const std::size_t wanted = std::clamp(std::bit_ceil(count / bottom_size + 1), std::size_t{8}, most_buckets);
  const auto range = static_cast<std::uint64_t>(end - first);
  const std::uint64_t width = std::bit_ceil((range + wanted - 1) / wanted);
  if (rungs_.size() == depth_) rungs_.emplace_back();
  Rung& rung = rungs_[depth_++];
  rung.start = first;
  rung.shift = std::countr_zero(width);
  rung.next = 0;
  rung.used = static_cast<std::size_t>((range + width - 1) >> rung.shift);
  rung.events = 0;
  if (rung.buckets.size() < rung.used) rung.buckets.resize(rung.used);
  return rung;
}

void LadderQueue::spread(std::vector<Event>& events, Rung& rung) {
  for (const Event& event : events)
    rung.add(event);
  events.clear();
}

void LadderQueue::take_bottom(std::vector<Event>& events) {
  bottom_.swap(events);
  std::sort(bottom_.begin(), bottom_.end(), later);
}

/// Takes the next bucket that holds anything, and splits it until a few events are left or they share an instant.
void LadderQueue::refill() {
  EDGEFUSE_EXPECTS(size_ > 0, "an event is taken from a queue that has one");
  while (bottom_.empty()) {
    while (depth_ > 0 && rungs_[depth_ - 1].events == 0)
      --depth_;
    if (depth_ == 0) {
      top_start_ = top_most_ + 1;
      spread(top_, open_rung(top_least_, top_start_, top_.size()));
    }
    Rung& rung = rungs_[depth_ - 1];
    while (rung.buckets[rung.next].empty())
      ++rung.next;
    std::vector<Event>& bucket = rung.buckets[rung.next++];
    rung.events -= bucket.size();
    if (bucket.size() <= bottom_size || rung.shift == 0) {
      take_bottom(bucket);
    } else {
      std::vector<Event> events;
      events.swap(bucket);
      const std::int64_t first = rung.bucket_start(rung.next - 1);
      spread(events, open_rung(first, rung.bucket_start(rung.next), events.size()));
    }
  }
}

}  // namespace edgefuse::sim
