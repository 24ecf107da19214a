#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "sim/rate_trace_file.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// A rate that holds until a moment; there it differs. SimTime::never() when it always holds.
struct RateSpan {
  BytesPerSecond rate{};
  SimTime until = SimTime::never();
};

/// Measured rates of access links that vary with time. Every client is dealt one of the traces and a phase, at which it
/// stands when the run begins; the trace repeats for ever. A sample holds until the next one's time, the last one for
/// the median of the others' lengths (of two in the middle the shorter). Rates are rounded as `on_a_step` does, and
/// neighbours that then are equal are one.
class RateTraces {
 public:
  /// Of a file, or of all files of a folder (`rate_trace_files`). Throws InputError with everything that is wrong in
  /// any of them.
  [[nodiscard]] static RateTraces read(const std::filesystem::path& path);

  [[nodiscard]] std::size_t size() const { return traces_.size(); }
  /// What the client's link gives at a moment not before 0, in the time of a search. `until` is later than `at`. A rate
  /// of 0 is a link that carries nothing for a while.
  [[nodiscard]] RateSpan rate(std::uint64_t seed, std::uint32_t client, SimTime at) const;
  /// Over the whole trace, after rounding: what a prediction may count on.
  [[nodiscard]] BytesPerSecond mean(std::uint64_t seed, std::uint32_t client) const;

 private:
  RateTraces() = default;

  struct Piece {
    std::int64_t end;  // ns since the trace began
    BytesPerSecond rate;
  };
  struct Trace {
    std::vector<Piece> pieces;  // neighbours differ
    BytesPerSecond mean;
    [[nodiscard]] std::int64_t period() const { return pieces.back().end; }
  };
  struct Deal {
    const Trace& trace;
    std::int64_t phase;  // ns
  };
  static Trace make_trace(const std::vector<RateSample>& samples);
  [[nodiscard]] Deal deal(std::uint64_t seed, std::uint32_t client) const;

  std::vector<Trace> traces_;
};

}  // namespace edgefuse::sim
