#include "server/protocol/synchronous.hpp"

#include <cmath>
#include <memory>

#include "server/protocol/common_parameters.hpp"

namespace edgefuse::server {
namespace {

SynchronousSettings common_settings(const Parameters& parameters) {
  return {.rounds = whole(parameters, "rounds"),
          .clients_per_round = whole(parameters, "clients_per_round"),
          .quorum = whole(parameters, "quorum")};
}

}  // namespace

Decision Synchronous::invitation() const {
  const auto wanted = static_cast<double>(settings_.clients_per_round) * (1 + settings_.over_selection);
  // A hair less than the product: 10 · 1.1 is above 11 in floating point.
  return {.invite = static_cast<std::int64_t>(std::ceil(wanted * (1 - 1e-12))), .at_least = settings_.quorum};
}

Decision Synchronous::end_of_round() const {
  return {.call_off = cohort_.outstanding > 0,
          .fusion = cohort_.returned > 0 && cohort_.returned < settings_.quorum ? Decision::Fusion::discard
                                                                                : Decision::Fusion::fuse};
}

Decision Synchronous::started(std::int64_t started) {
  cohort_.start(started);
  return cohort_.outstanding == 0 ? end_of_round() : Decision{};
}

Decision Synchronous::returned() {
  cohort_.take_in();
  const bool enough = cohort_.returned == settings_.clients_per_round;
  return enough || cohort_.outstanding == 0 ? end_of_round() : Decision{};
}

Decision Synchronous::failed() {
  cohort_.lose();
  return cohort_.outstanding == 0 ? end_of_round() : Decision{};
}

Decision Synchronous::fused(std::int64_t rounds) {
  cohort_ = {};
  return rounds < settings_.rounds ? invitation() : Decision{.finish = true};
}

Method<Protocol> synchronous() {
  return {"synchronous",
          "rounds: invite a cohort, wait for it, fuse (FedAvg, 1602.05629)",
          {rounds_parameter(),
           clients_parameter("updates waited for"),
           quorum_parameter(),
           {.name = "over_selection",
            .standard = 0.0,
            .meaning = "so much larger a share is invited; who is not among the first is called off (1902.01046)",
            .least = 0,
            .most = 10}},
          [](const Parameters& parameters) -> std::unique_ptr<Protocol> {
            auto settings = common_settings(parameters);
            settings.over_selection = number(parameters, "over_selection");
            return std::make_unique<Synchronous>(settings);
          }};
}

Method<Protocol> hierarchical() {
  return {"hierarchical",
          "synchronous rounds in which every cell's aggregator fuses first (HierFAVG, 1905.06641)",
          {rounds_parameter(), clients_parameter("clients invited"), quorum_parameter()},
          [](const Parameters& parameters) -> std::unique_ptr<Protocol> {
            auto settings = common_settings(parameters);
            settings.aggregators = true;
            return std::make_unique<Synchronous>(settings);
          }};
}

}  // namespace edgefuse::server
