#include "server/protocol/deadline.hpp"

#include <memory>

#include "server/protocol/common_parameters.hpp"

namespace edgefuse::server {

Decision Deadline::begin() {
  return {.invite = settings_.clients_per_round, .at_least = settings_.quorum};
}

/// The window opens when its clients have been found, not while the server waits for some.
Decision Deadline::started(std::int64_t started) {
  cohort_.start(started);
  if (cohort_.outstanding == 0) return end_of_window();
  return {.wake = settings_.window};
}

Decision Deadline::returned() {
  cohort_.take_in();
  return cohort_.outstanding == 0 ? end_of_window() : Decision{};
}

Decision Deadline::failed() {
  cohort_.lose();
  return cohort_.outstanding == 0 ? end_of_window() : Decision{};
}

Decision Deadline::woke() {
  return end_of_window();
}

Decision Deadline::end_of_window() const {
  return {.call_off = !settings_.keep_late && cohort_.outstanding > 0,
          .fusion = cohort_.returned > 0 && cohort_.returned < settings_.quorum ? Decision::Fusion::discard
                                                                                : Decision::Fusion::fuse};
}

Decision Deadline::fused(std::int64_t rounds) {
  cohort_.returned = 0;
  if (!settings_.keep_late) cohort_.outstanding = 0;
  if (rounds == settings_.rounds) return {.finish = true};
  const auto invite = settings_.clients_per_round - cohort_.outstanding;
  if (invite == 0) return {.wake = settings_.window};
  // Who is still on the way counts towards the quorum: the server need not wait for others to come.
  return {.invite = invite, .at_least = cohort_.outstanding > 0 ? 0 : settings_.quorum};
}

Method<Protocol> deadline() {
  return {
      "deadline",
      "windows: fuse what has come back when the deadline passes (FedCS, 1804.08333)",
      {rounds_parameter(),
       clients_parameter("clients on the way when a window begins"),
       quorum_parameter(),
       {.name = "window", .standard = 600.0, .meaning = "seconds until the deadline", .least = 1e-3, .most = 1e9},
       {.name = "late",
        .standard = std::string{"drop"},
        .meaning = "drop: who is late is called off; keep: goes on and is fused in the window it returns in",
        .choices = {"drop", "keep"}}},
      [](const Parameters& parameters) -> std::unique_ptr<Protocol> {
        return std::make_unique<Deadline>(DeadlineSettings{.rounds = whole(parameters, "rounds"),
                                                           .clients_per_round = whole(parameters, "clients_per_round"),
                                                           .quorum = whole(parameters, "quorum"),
                                                           .window = Seconds{number(parameters, "window")},
                                                           .keep_late = word(parameters, "late") == "keep"});
      }};
}

}  // namespace edgefuse::server
