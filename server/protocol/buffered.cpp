#include "server/protocol/buffered.hpp"

#include <cmath>
#include <memory>

#include "server/protocol/common_parameters.hpp"

namespace edgefuse::server {

/// The place that becomes free when the buffer fills is given away after the fusion: whoever takes it starts from the
/// new version.
Decision Buffered::returned() {
  ++buffered_;
  if (buffered_ == settings_.buffer) return {.fusion = Decision::Fusion::fuse};
  return invitation(1);
}

Decision Buffered::fused(std::int64_t rounds) {
  // More than a buffer's worth when updates arrived at the very instant of the fusion: theirs were given away already.
  buffered_ = 0;
  if (rounds == settings_.rounds) return {.finish = true};
  return invitation(1);
}

double Buffered::discount(std::int64_t staleness) const {
  return std::pow(1 + static_cast<double>(staleness), -settings_.staleness_exponent);
}

Method<Protocol> buffered() {
  return {"buffered",
          "asynchronous clients, fused whenever a buffer of updates is full (FedBuff, 2106.06639)",
          {rounds_parameter(),
           clients_parameter("clients on the way at any time"),
           staleness_exponent_parameter(),
           {.name = "buffer",
            .standard = 10.0,
            .meaning = "updates that make a fusion, at most clients_per_round",
            .least = 1,
            .whole = true},
           {.name = "server_rate",
            .standard = 1.0,
            .meaning = "factor on the fused change, the server's learning rate",
            .least = 0,
            .most = 100}},
          [](const Parameters& parameters) -> std::unique_ptr<Protocol> {
            return std::make_unique<Buffered>(
                BufferedSettings{.rounds = whole(parameters, "rounds"),
                                 .concurrency = whole(parameters, "clients_per_round"),
                                 .buffer = whole(parameters, "buffer"),
                                 .staleness_exponent = number(parameters, "staleness_exponent"),
                                 .mixing = {.rate = number(parameters, "server_rate"), .pull_back = false}});
          }};
}

Method<Protocol> asynchronous() {
  return {"asynchronous",
          "every update is mixed into the base as it arrives (FedAsync, 1903.03934)",
          {rounds_parameter(),
           clients_parameter("clients on the way at any time"),
           staleness_exponent_parameter(),
           {.name = "mixing",
            .standard = 0.6,
            .meaning = "share of a fresh update's model in the next version",
            .least = 0,
            .most = 1}},
          [](const Parameters& parameters) -> std::unique_ptr<Protocol> {
            return std::make_unique<Buffered>(
                BufferedSettings{.rounds = whole(parameters, "rounds"),
                                 .concurrency = whole(parameters, "clients_per_round"),
                                 .buffer = 1,
                                 .staleness_exponent = number(parameters, "staleness_exponent"),
                                 .mixing = {.rate = number(parameters, "mixing"), .pull_back = true}});
          }};
}

}  // namespace edgefuse::server
