#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "clients/course.hpp"
#include "llm/plan.hpp"
#include "sim/energy.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::app {

/// The kinds of events of a run. The values are stored in result files.
enum class EventKind : std::uint8_t {
  begin_round,
  download_done,
  compute_done,
  upload_done,
  fuse,
  transfers_sent,
  left,
  stopped,
  rate_changed,
  time_up,
  clients_came,
  model_at_aggregator,
  update_from_aggregator,
};

inline constexpr std::string_view event_names[] = {"begin-round",
                                                   "download-done",
                                                   "compute-done",
                                                   "upload-done",
                                                   "fuse",
                                                   "transfers-sent",
                                                   "left",
                                                   "stopped",
                                                   "rate-changed",
                                                   "time-up",
                                                   "clients-came",
                                                   "model-at-aggregator",
                                                   "update-from-aggregator"};
[[nodiscard]] constexpr std::string_view name(EventKind kind) {
  return event_names[static_cast<std::size_t>(kind)];
}

/// What became of a client that was started.
enum class Fate : std::uint8_t {
  returned,    // its update was there to be fused
  corrupt,     // arrived damaged
  left,        // was not there any more
  crashed,     // while it trained
  flat,        // its battery ran flat while it trained
  called_off,  // the server fused without it
  discarded,   // arrived, and the round was discarded for want of a quorum
};

/// How far a client is.
enum class Stage : std::uint8_t {
  invited,
  waiting,
  receiving,
  received,
  training,
  sending,
  sent,
  at_aggregator,
  ended
};

/// A client's part in a run, from its invitation to its end, in virtual time.
struct Participation {
  llm::Plan plan;
  std::int64_t invitation = 0;  // of the run, from 1
  std::int64_t version = 0;     // of the base it starts from
  SimTime invited;
  SimTime ended;
  sim::Activity did;  // so far
  clients::Course course;
  Fate fate = Fate::returned;
  Stage stage = Stage::invited;
  SimTime stage_began;
  SimTime path_until = SimTime::never();  // when its path changes next, while it transfers
};

/// A round of the server: from the fusion before (or the start) to its own.
struct RoundTimeline {
  std::int64_t round = 0;    // from 1
  std::int64_t version = 0;  // of the base before its fusion
  SimTime start;
  SimTime end;
  std::vector<Participation> participations;  // that ended in it, by client id, then by invitation
  std::vector<std::uint32_t> sat_out;         // invited, but no variant fits them; by client id
  Bytes server_down{};                        // what the server's own link carried
  Bytes server_up{};
};

}  // namespace edgefuse::app
