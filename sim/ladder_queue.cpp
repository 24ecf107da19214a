#include "sim/ladder_queue.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::sim {
namespace {

/// Events of a bucket, on average.
constexpr std::size_t bucket_size = 32;
/// Events that are sorted at once, at most: few enough to stay in the nearest cache.
constexpr std::size_t most_sorted = 3 * bucket_size;
/// A bottom that many late insertions made so large is split again.
constexpr std::size_t most_in_bottom = 16 * bucket_size;
/// Buckets in a rung, at most: the ends that events are written to should stay in a near cache too.
constexpr std::size_t most_buckets = std::size_t{1} << 12;

constexpr auto later = [](const Event& a, const Event& b) { return before(b, a); };

}  // namespace

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
  Rung& rung = open_rung(bottom_.back().time.nanoseconds, bottom_end(), bottom_.size());
  for (const Event& event : bottom_)
    rung.add(event, chunks_);
  bottom_.clear();
  refill();
}

LadderQueue::Rung& LadderQueue::open_rung(std::int64_t first, std::int64_t end, std::size_t count) {
  const std::size_t wanted = std::clamp(std::bit_ceil(count / bucket_size + 1), std::size_t{8}, most_buckets);
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

void LadderQueue::spread(EventBag& events, Rung& rung) {
  events.drain(chunks_, [&](const Event& event) { rung.add(event, chunks_); });
}

void LadderQueue::take_bottom(EventBag& events) {
  events.drain(chunks_, [&](const Event& event) { bottom_.push_back(event); });
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
    EventBag& bucket = rung.buckets[rung.next++];
    rung.events -= bucket.size();
    if (bucket.size() <= most_sorted || rung.shift == 0) {
      take_bottom(bucket);
    } else {
      EventBag events{std::move(bucket)};
      const std::int64_t first = rung.bucket_start(rung.next - 1);
      spread(events, open_rung(first, rung.bucket_start(rung.next), events.size()));
    }
  }
}

}  // namespace edgefuse::sim
