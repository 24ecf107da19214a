#include "server/protocol/common_parameters.hpp"

#include <utility>

namespace edgefuse::server {

ParameterSpec rounds_parameter() {
  return {.name = "rounds", .standard = 1.0, .meaning = "rounds until the run ends", .least = 1, .whole = true};
}

ParameterSpec clients_parameter(std::string meaning) {
  return {.name = "clients_per_round", .standard = 1.0, .meaning = std::move(meaning), .least = 1, .whole = true};
}

ParameterSpec quorum_parameter() {
  return {.name = "quorum",
          .standard = 1.0,
          .meaning = "a round with fewer updates is discarded, and none begins before so many clients are there",
          .least = 1,
          .whole = true};
}

ParameterSpec staleness_exponent_parameter() {
  return {.name = "staleness_exponent",
          .standard = 0.5,
          .meaning = "an update that is s versions old counts (1 + s) to the power of minus this",
          .least = 0,
          .most = 10};
}

std::int64_t whole(const Parameters& parameters, std::string_view name) {
  return static_cast<std::int64_t>(number(parameters, name));
}

}  // namespace edgefuse::server
