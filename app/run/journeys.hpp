#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "app/run/aggregators.hpp"
#include "app/run/direction.hpp"
#include "app/run/network.hpp"
#include "app/run/timeline.hpp"
#include "clients/course.hpp"
#include "sim/simulator.hpp"

namespace edgefuse::app {

/// What the clients' ways hang on.
struct JourneyHooks {
  /// The client's own link, with the latency of all its way to the server, or to its aggregator where there is one.
  std::function<clients::PathSpan(std::uint32_t client, SimTime at)> path;
  std::function<std::uint32_t(std::uint32_t client)> cell;
  /// How its training comes about that begins now.
  std::function<clients::Course(const Participation& participation, SimTime at)> course;
  /// A client has computed for so long, up to now.
  std::function<void(std::uint32_t client, Seconds elapsed, SimTime now)> computed;
  /// A client's part has ended, with that fate.
  std::function<void(Participation&& participation)> ended;
};

/// The clients that are taking part: download, training, upload. All transfers of one direction share the server's link
/// and their cell's (sim::SharedLink); the last byte arrives a latency after it was sent. A client that leaves, dies or
/// is called off is withdrawn from the link it uses, and has no event any more. What a plan caps never goes faster.
///
/// With aggregators a model goes to a cell once for each variant and waits there, and a cell's updates go on together
/// when its last client has ended; only then have they returned.
class Journeys {
 public:
  /// Its actors are the clients, then `actors(network)` more from `first_actor` on.
  Journeys(sim::Simulator<EventKind>& simulator, std::uint32_t first_actor, NetworkSpec network, JourneyHooks hooks);
  [[nodiscard]] static std::uint32_t actors(const NetworkSpec& network);

  /// A new version is about to be sent out: aggregators forget what they hold. Nobody is on the way.
  void begin_version();
  /// Starts these clients, all now, by client id; `leaves` is when each will not be there any more.
  struct Start {
    Participation participation;
    SimTime leaves = SimTime::never();
  };
  void begin(std::vector<Start> starts);

  void handle(const sim::Event& event, EventKind kind);
  /// Ends everybody's part.
  void call_off();

  [[nodiscard]] bool is_on_the_way(std::uint32_t client) const { return under_way_.contains(client); }
  [[nodiscard]] bool empty() const { return under_way_.empty(); }

  /// What the server's own link has carried so far.
  [[nodiscard]] Bytes server_down() const { return server_down_; }
  [[nodiscard]] Bytes server_up() const { return server_up_; }

 private:
  /// A variant on its way to an aggregator.
  struct ComingModel {
    Bytes size{};
    bool sent = false;  // its last byte
  };

  void send_model(Participation& participation);
  void begin_transfer(Participation& participation, Stage stage);
  void change_path(std::uint32_t client, SimTime at);
  void transfers_sent(Direction& direction);
  void begin_training(Participation& participation);
  void arrive(Participation& participation);
  void model_came(std::uint32_t copy);
  void pass_on_if_complete(std::uint32_t cell);
  void update_came(std::uint32_t cell);

  void enter(Participation& participation, Stage stage);
  void withdraw(Participation& participation);
  void end(std::uint32_t client, Fate fate);
  void carried(Participation& participation, Bytes bytes);

  void schedule(std::uint32_t actor, Seconds duration, EventKind kind);
  [[nodiscard]] Participation& participation(std::uint32_t client);
  [[nodiscard]] Bytes on_the_wire(Bytes message) const { return message + network_.message_overhead; }

  sim::Simulator<EventKind>& simulator_;
  NetworkSpec network_;
  JourneyHooks hooks_;
  Direction downloads_;
  Direction uploads_;
  Direction models_;   // from the server to aggregators
  Direction updates_;  // back
  Aggregators aggregators_;
  std::uint32_t copies_;                         // first actor of the variants that aggregators hold
  std::uint32_t to_pass_;                        // first actor of the aggregators themselves
  std::map<std::uint32_t, ComingModel> coming_;  // by copy
  std::map<std::uint32_t, Participation> under_way_;
  Bytes server_down_{};
  Bytes server_up_{};
};

}  // namespace edgefuse::app
