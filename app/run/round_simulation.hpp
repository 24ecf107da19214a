#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "app/run/timeline.hpp"
#include "llm/plan.hpp"
#include "server/protocol/protocol.hpp"
#include "sim/link.hpp"
#include "sim/shared_link.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {

/// What the simulation of a run asks and tells its surroundings. It owns time and order, they own contents: with
/// `trained` and `fused` doing nothing to tensors this is the timing fidelity, event by event the same.
struct RoundHooks {
  /// So many different clients for a round.
  std::function<std::vector<std::uint32_t>(std::int64_t round, std::int64_t count)> select;
  /// The client's plan, or nothing when no variant fits it.
  std::function<std::optional<llm::Plan>(std::uint32_t client)> plan;
  std::function<sim::Link(std::uint32_t client)> link;
  /// A client's training has ended in virtual time.
  std::function<void(std::int64_t round, const llm::Plan& plan)> trained;
  /// The protocol fuses: everything in the timeline has come back.
  std::function<void(const RoundTimeline& round)> fused;
  /// Every event, in order, before it is handled.
  std::function<void(const sim::Event& event)> observed;
};

/// What the server can send to and take in from all clients together.
struct ServerCapacity {
  BytesPerSecond down{};
  BytesPerSecond up{};
};

/// A run in virtual time: invitation, download, training, upload, fusion, for as long as the protocol invites. All
/// transfers of one direction share the server's link (sim::SharedLink); the last byte arrives a latency after it was
/// sent.
class RoundSimulation {
 public:
  RoundSimulation(std::uint32_t clients, const ServerCapacity& capacity, server::Protocol& protocol, RoundHooks hooks);

  void run();

  [[nodiscard]] SimTime now() const { return simulator_.now(); }

 private:
  void handle(const sim::Event& event, EventKind kind);
  void follow(const server::Decision& decision);
  void begin_round(std::int64_t invitations);
  void fuse();
  void schedule_client(std::uint32_t client, Seconds duration, EventKind kind);

  /// One direction of the server's link, an actor of its own: its only pending event is the next end of a transfer.
  struct Direction {
    sim::SharedLink link;
    std::uint32_t actor;
    EventKind arrival;  // of a client's transfer
  };
  void finish_transfers(Direction& direction);
  void await_next_end(Direction& direction);
  Participation& participation(std::uint32_t client);

  sim::Simulator<EventKind> simulator_;
  server::Protocol& protocol_;
  RoundHooks hooks_;
  std::uint32_t server_;  // the actor after the last client; those of its link come next
  Direction downloads_;
  Direction uploads_;
  std::int64_t invitations_ = 0;  // of the round that is about to begin
  std::int64_t ended_ = 0;        // rounds
  RoundTimeline current_;
};

}  // namespace edgefuse::app
