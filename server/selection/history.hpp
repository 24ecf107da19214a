#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "sim/units.hpp"

namespace edgefuse::server {

/// What the server has seen of one client.
struct ClientRecord {
  std::int64_t started = 0;     // participations begun
  std::int64_t returned = 0;    // of them, whose update was fused
  std::int64_t last_start = 0;  // the invitation (1, 2, ...) it last took part in
  // Of its last update that was fused:
  Seconds took{};                // from invitation to arrival
  std::int64_t examples = 0;     // it was trained on
  std::optional<double> loss{};  // mean over the training steps, nats per token; none under the timing fidelity
};

/// What the server has learnt of its clients from their participations, and nothing else: no plan, no future.
class History {
 public:
  /// Invitations are numbered from 1, and a client's never fall.
  void started(std::uint32_t client, std::int64_t invitation);
  /// Of a participation begun. A loss that is not finite is kept as none.
  void returned(std::uint32_t client, Seconds took, std::int64_t examples, std::optional<double> loss);

  /// Null for a client that never took part.
  [[nodiscard]] const ClientRecord* find(std::uint32_t client) const;
  /// Those that took part, by client id.
  [[nodiscard]] const std::map<std::uint32_t, ClientRecord>& clients() const { return clients_; }
  /// Participations begun by all clients together.
  [[nodiscard]] std::int64_t starts() const { return starts_; }

 private:
  std::map<std::uint32_t, ClientRecord> clients_;
  std::int64_t starts_ = 0;
};

}  // namespace edgefuse::server
