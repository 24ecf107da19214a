#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "results/fusion_records.hpp"
#include "sim/time.hpp"
#include "sim/units.hpp"

/// The rows of a result file, one struct for each table of docs/formats/results.md. A number that nobody measured is
/// NaN.
namespace edgefuse::results {

/// What a run is, known before it starts.
struct RunHeader {
  std::string name;
  std::string question;           // what the run is to answer, may be empty
  std::string scenario_written;   // the file's own text
  std::string scenario_resolved;  // every default written out: what decides the run
  std::uint64_t seed = 0;
  std::string fidelity;      // "learning" or "timing"
  std::int64_t clients = 0;  // in the fleet, whether or not each has a row
  /// What the codes in EventRow stand for.
  std::vector<std::string> event_phases;
  std::vector<std::string> event_kinds;
};

/// What made the file; no part of the result and of its digest.
struct Provenance {
  std::string edgefuse_version;
  std::string git;  // "git describe" of the source, empty when unknown
  std::string compiler;
  std::string libtorch_version;
  std::string cpu;
  std::int64_t threads = 0;
  std::string started;  // date and time, ISO 8601 in UTC
  Seconds wall_time;
  std::string scenario_file;
  std::string command;  // the arguments as given
};

struct ClientRow {
  std::string device;
  std::string domain;  // what its data are about; several joined by '+', empty when unknown
  Bytes memory;        // its budget for training
  std::int64_t examples = 0;
};

/// How a client's part in a round ended.
enum class Outcome : std::uint8_t {
  returned,  // its update was fused
  lost,      // it started, and nothing came back
  late,      // its update came after the fusion it was meant for
  refused,   // its update was not fit to be fused (NaN, wrong shapes)
  sat_out,   // no variant fitted it
};

/// A client picked for a round: its plan, and what became of it.
struct PlanRow {
  std::int64_t round = 0;  // from 1
  std::int64_t client = 0;
  double ratio = 0;             // asked for
  std::int64_t parameters = 0;  // left in the variant
  std::int64_t rank = 0;
  std::int64_t steps = 0;
  std::int64_t examples = 0;
  Seconds predicted;  // from the invitation to the update's arrival, as the plan foresaw it
  Seconds simulated;  // the same as it came about
  Bytes peak_memory;
  Bytes download;
  Bytes upload;
  Joules energy;
  std::string binding;  // the budget that chose the ratio, in a word
  double first_loss = 0;
  double last_loss = 0;
  Outcome outcome = Outcome::returned;
  std::string fate;             // the outcome's reason, in a word or two
  std::int64_t invitation = 0;  // of the run, from 1: tells a client's parts apart
  std::int64_t version = 0;     // of the base it started from
  std::int64_t staleness = 0;   // versions made between that and its part's end
  Bytes received;               // what was carried to it, and from it
  Bytes sent;
  Joules spent;  // by the device for all this
};

/// A round of the server: from its start to the fusion that made `version`.
struct RoundRow {
  std::int64_t round = 0;    // from 1
  std::int64_t version = 0;  // of the base, after this round's fusion
  SimTime start;
  SimTime end;
  std::int64_t started = 0;
  std::int64_t returned = 0;
  std::int64_t lost = 0;
  std::int64_t late = 0;
  std::int64_t refused = 0;
  std::int64_t sat_out = 0;
  Bytes bytes_up;  // what the links carried in this round, lost updates included
  Bytes bytes_down;
  Joules energy;
  double training_loss = 0;  // mean of the returned clients' last losses, weighted by examples
  Bytes wasted;              // carried in either direction for updates that were not fused
  Bytes server_up;           // what the server's own link carried
  Bytes server_down;
  double staleness = 0;  // mean of the updates fused; NaN without any
  double carbon = 0;     // g CO2e, by the scenario's rate
  double cost = 0;       // money, by the scenario's price
};

/// One measured figure of one model.
struct EvaluationRow {
  std::int64_t round = 0;  // after which it was measured; 0 = before the first
  std::string model;       // "base", "adapter:<domain>", or an arm's name such as "fused+cr-sign"
  std::string metric;      // one of results/metrics.hpp
  std::string domain;      // "all" for the figure over all domains
  double value = 0;
  double low = 0;  // 95 % interval
  double high = 0;
  std::int64_t n = 0;                                        // how many items the figure is taken over
  double chance = std::numeric_limits<double>::quiet_NaN();  // what guessing gives; NaN where nothing can be guessed
};

struct EventRow {
  SimTime time;
  std::uint8_t phase = 0;  // index into RunHeader::event_phases
  std::uint8_t kind = 0;   // index into RunHeader::event_kinds
  std::int64_t actor = 0;  // a client; -1 for the server, -2 for its downlink, -3 for its uplink
};

}  // namespace edgefuse::results
