#pragma once

#include <cstdint>

#include "sim/registry.hpp"

namespace edgefuse::server {

/// What a protocol wants done now.
struct Decision {
  std::int64_t invite = 0;  // so many clients, picked by the selector
  bool fuse = false;        // everything that has come back since the last fusion
};

/// When the server starts clients and when it fuses. The simulation tells a protocol what happened, and does what it
/// answers; a protocol knows counts only, never what is in an update and never the future.
class Protocol {
 public:
  virtual ~Protocol() = default;

  /// Once, at time zero.
  [[nodiscard]] virtual Decision begin() = 0;
  /// After an invitation: `started` of the invited clients found a variant that fits, the others sit out.
  [[nodiscard]] virtual Decision started(std::int64_t started) = 0;
  /// A started client's part has ended: its update arrived, or never will.
  [[nodiscard]] virtual Decision ended() = 0;
  /// A fusion asked for is done: the `fusions`-th, counted from 1, whether or not there was anything to fuse. What
  /// comes next cannot hang on that: no protocol knows what is in an update.
  [[nodiscard]] virtual Decision fused(std::int64_t fusions) = 0;
};

/// Every protocol, with its parameters.
[[nodiscard]] Registry<Protocol> protocols();

}  // namespace edgefuse::server
