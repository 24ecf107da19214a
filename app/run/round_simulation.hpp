#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/run/journeys.hpp"
#include "app/run/network.hpp"
#include "app/run/timeline.hpp"
#include "app/run/waiting_list.hpp"
#include "llm/plan.hpp"
#include "server/protocol/protocol.hpp"
#include "sim/availability/availability.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {

using Eligible = std::function<bool(std::uint32_t client)>;
/// The only clients that can be eligible, by rising id; nothing where it can be anybody.
using Among = std::optional<std::span<const std::uint32_t>>;

/// What the simulation of a run asks and tells its surroundings. It owns time and order, they own contents: with
/// `fused` doing nothing to tensors this is the timing fidelity, event by event the same.
struct RoundHooks {
  /// So many different clients, by rising id, for the invitation of that number.
  std::function<std::vector<std::uint32_t>(std::int64_t invitation, std::int64_t count, const Eligible&,
                                           const Among& among)>
      select;
  /// The plans of clients invited together, by rising id; nothing for one that no variant fits.
  std::function<std::vector<std::optional<llm::Plan>>(std::span<const std::uint32_t> clients)> plans;
  /// Whether a client is there and able to take part, and when that changes.
  std::function<sim::Presence(std::uint32_t client, SimTime at)> presence;
  std::function<clients::PathSpan(std::uint32_t client, SimTime at)> path;  // as JourneyHooks has these
  std::function<std::uint32_t(std::uint32_t client)> cell;
  std::function<clients::Course(const Participation& participation, SimTime at)> course;
  std::function<void(std::uint32_t client, Seconds elapsed, SimTime now)> computed;
  std::function<void(const Participation& participation)> started;
  std::function<void(const Participation& participation)> ended;
  /// The protocol fuses: returns the base's version after it.
  std::function<std::int64_t(const RoundTimeline& round)> fused;
  /// Every event, in order, before it is handled.
  std::function<void(const sim::Event& event)> observed;
};

/// A run in virtual time: the server invites, clients go their ways (Journeys), the server fuses, for as long as the
/// protocol wants.
class RoundSimulation {
 public:
  RoundSimulation(std::uint32_t clients, const NetworkSpec& network, server::Protocol& protocol, RoundHooks hooks);
  RoundSimulation(const RoundSimulation&) = delete;  // its parts refer to each other
  RoundSimulation& operator=(const RoundSimulation&) = delete;

  /// Throws RunError when the protocol can get no further: nobody is on the way and nobody will come, or
  /// participations go on ending without any fusion.
  void run();

  [[nodiscard]] SimTime now() const { return simulator_.now(); }
  /// How results number an actor: clients as they are, the server -1, links and aggregators from -2 down.
  [[nodiscard]] std::int64_t recorded_actor(std::uint32_t actor) const;

 private:
  void handle(const sim::Event& event, EventKind kind);
  void follow(const server::Decision& decision);
  void fuse();
  void take_in(Participation&& ended);
  void call_off();

  void invite();
  [[nodiscard]] std::int64_t start(const std::vector<std::uint32_t>& chosen);
  [[nodiscard]] bool may_be_asked(std::uint32_t client) const;
  [[nodiscard]] bool is_eligible(std::uint32_t client) const;
  /// Unless enough are there already: sees to it that invite() is called again when enough are.
  [[nodiscard]] bool await_clients();
  /// Sees to it that invite() is called again for every client that comes, or comes back.
  void keep_places_open(const Among& looked_at);
  void ask_inviter(SimTime at, EventKind kind);

  void require_progress() const;
  [[noreturn]] void give_up(const std::string& reason, const std::string& remedy) const;

  std::uint32_t clients_;
  std::uint32_t
      alarm_;  // actors: clients, the server, its alarm, the one who invites (after the server has fused), links
  std::uint32_t inviter_;
  sim::Simulator<EventKind> simulator_;
  server::Protocol& protocol_;
  RoundHooks hooks_;
  Journeys journeys_;

  WaitingList waiting_;
  std::vector<bool> unfit_;  // clients that sat out while a place was kept open
  server::Decision wish_{};  // how the clients still wanted are to be invited
  std::int64_t wanted_ = 0;
  bool discard_ = false;
  bool calling_off_ = false;
  bool finished_ = false;
  std::int64_t invitations_ = 0;
  std::int64_t rounds_ = 0;  // ended
  RoundTimeline current_;
};

}  // namespace edgefuse::app
