#include "sim/rate_trace.hpp"

#include <algorithm>

#include "sim/expects.hpp"
#include "sim/mistakes.hpp"
#include "sim/random.hpp"
#include "sim/rate_step.hpp"

namespace edgefuse::sim {
namespace {

/// Of the times between samples; of two in the middle the shorter.
std::int64_t median_gap(const std::vector<RateSample>& samples) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < samples.size(); ++i)
    gaps.push_back(samples[i].at.nanoseconds - samples[i - 1].at.nanoseconds);
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>((gaps.size() - 1) / 2);
  std::ranges::nth_element(gaps, middle);
  return *middle;
}

}  // namespace

RateTraces RateTraces::read(const std::filesystem::path& path) {
  RateTraces traces;
  Mistakes mistakes;
  for (const auto& file : rate_trace_files(path))
    if (const auto samples = mistakes.attempt([&] { return read_rate_trace(file); }))
      traces.traces_.push_back(make_trace(*samples));
  mistakes.finish();
  return traces;
}

RateTraces::Trace RateTraces::make_trace(const std::vector<RateSample>& samples) {
  Trace trace;
  const std::int64_t period = samples.back().at.nanoseconds + median_gap(samples);
  Bytes carried{};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const SimTime end = i + 1 < samples.size() ? samples[i + 1].at : SimTime{period};
    const double measured = samples[i].rate.value;
    const BytesPerSecond rate{measured > 0 ? on_a_step(measured) : 0};
    carried += rate * end.since(samples[i].at);
    if (!trace.pieces.empty() && trace.pieces.back().rate == rate) trace.pieces.pop_back();
    trace.pieces.push_back({end.nanoseconds, rate});
  }
  trace.mean = carried / SimTime{period}.since_start();
  return trace;
}

RateTraces::Deal RateTraces::deal(std::uint64_t seed, std::uint32_t client) const {
  Draws draws{{.seed = seed, .domain = Domain::rate_trace, .client = client}};
  const Trace& trace = traces_[draws.below(traces_.size())];
  return {trace, static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(trace.period())))};
}

RateSpan RateTraces::rate(std::uint64_t seed, std::uint32_t client, SimTime at) const {
  EDGEFUSE_EXPECTS(at >= SimTime{}, "a run begins at 0");
  const auto [trace, phase] = deal(seed, client);
  const auto& pieces = trace.pieces;
  if (pieces.size() == 1) return {pieces.front().rate, SimTime::never()};
  const std::int64_t position = (at.nanoseconds % trace.period() + phase) % trace.period();
  const auto piece = std::ranges::upper_bound(pieces, position, {}, &Piece::end);
  std::int64_t left = piece->end - position;
  // The trace may begin anew with the rate it ended with.
  if (piece == pieces.end() - 1 && piece->rate == pieces.front().rate) left += pieces.front().end;
  const bool beyond_time = left >= SimTime::never().nanoseconds - at.nanoseconds;
  return {piece->rate, beyond_time ? SimTime::never() : SimTime{at.nanoseconds + left}};
}

BytesPerSecond RateTraces::mean(std::uint64_t seed, std::uint32_t client) const {
  return deal(seed, client).trace.mean;
}

}  // namespace edgefuse::sim
