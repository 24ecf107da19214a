#pragma once

#include <cstdint>
#include <optional>

#include "sim/registry.hpp"
#include "sim/units.hpp"

namespace edgefuse::server {

/// What a protocol wants done now, in this order.
struct Decision {
  /// What becomes of all that has come back since the last fusion. To discard it ends the round just so.
  enum class Fusion : std::uint8_t { none, fuse, discard };

  bool call_off = false;  // everybody who is on the way: too late
  Fusion fusion = Fusion::none;
  std::int64_t invite = 0;        // so many more clients, picked by the selector
  std::int64_t at_least = 1;      // wait with the invitation until so many are there
  bool keep_open = false;         // places that nobody is there for are filled as clients come
  std::optional<Seconds> wake{};  // to be told when so long has passed; an earlier wish and a fusion forget it
  bool finish = false;            // the run is over, whoever is on the way
};

/// How an update counts that is `staleness` versions old: the number of fusions between the version it started from and
/// the one that takes it in (docs/models/protocols.md).
struct Mixing {
  double rate = 1;         // on the fused change as a whole
  bool pull_back = false;  // towards the version it started from: w <- (1 - a) w + a (w_start + change)
};

/// When the server starts clients and when it fuses. The simulation tells a protocol what happened, and does what it
/// answers; a protocol knows counts only, never what is in an update and never the future.
class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  /// Once, at time zero.
  [[nodiscard]] virtual Decision begin() = 0;
  /// After an invitation: `started` of those invited found a variant that fits, the others sit out.
  [[nodiscard]] virtual Decision started(std::int64_t started) = 0;
  /// An update has arrived.
  [[nodiscard]] virtual Decision returned() = 0;
  /// A started client's update will never arrive, or arrived broken.
  [[nodiscard]] virtual Decision failed() = 0;
  /// The time that was asked for has passed.
  [[nodiscard]] virtual Decision woke() { return {}; }
  /// A fusion (or discard) asked for is made: the `rounds`-th, counted from 1, whether or not there is anything to
  /// fuse. What comes next cannot hang on that: no protocol knows what is in an update.
  [[nodiscard]] virtual Decision fused(std::int64_t rounds) = 0;

  /// Factor on the weight of an update of that staleness.
  [[nodiscard]] virtual double discount(std::int64_t /*staleness*/) const { return 1; }
  [[nodiscard]] virtual Mixing mixing() const { return {}; }
  /// Whether a cell's aggregator fuses its clients' updates before the server does.
  [[nodiscard]] virtual bool through_aggregators() const { return false; }
};

/// Every protocol, with its parameters. "rounds" and "clients_per_round" come from the scenario's own keys.
[[nodiscard]] Registry<Protocol> protocols();

}  // namespace edgefuse::server
