#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "llm/plan.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::app {

/// The kinds of events of a run. The values are stored in result files.
enum class EventKind : std::uint8_t { begin_round, download_done, compute_done, upload_done, fuse, transfers_sent };

inline constexpr std::string_view event_names[] = {"begin-round", "download-done", "compute-done",
                                                   "upload-done", "fuse",          "transfers-sent"};
[[nodiscard]] constexpr std::string_view name(EventKind kind) {
  return event_names[static_cast<std::size_t>(kind)];
}

/// A client's part in a round, in virtual time.
struct Participation {
  llm::Plan plan;
  SimTime invited;
  SimTime returned;
};

/// A round of the server, from its first invitation to its fusion.
struct RoundTimeline {
  std::int64_t round = 0;  // from 1
  SimTime start;
  SimTime end;
  std::vector<Participation> participations;  // by client id
  std::vector<std::uint32_t> sat_out;         // invited, but no variant fits them; by client id
};

}  // namespace edgefuse::app
