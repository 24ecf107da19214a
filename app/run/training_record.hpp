#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "clients/trainer.hpp"

namespace edgefuse::app {

/// What a client's training was worth, for its row in the results and for the selection.
struct TrainingRecord {
  std::uint32_t client = 0;
  std::int64_t invitation = 0;
  double first_loss = 0;
  double last_loss = 0;
  double mean_loss = 0;
  bool refused = false;                     // not fused: its training stopped, or what came of it was not finite
  std::string stopped;                      // at which step its training did, and why; else empty
  bool forgot_drift = false;                // its control variate was of other factors, and began anew
  std::optional<std::int64_t> pruned_to{};  // the rank it goes on with, where it gave some up
};

/// Of what came of a training; refused until it is taken in.
[[nodiscard]] TrainingRecord record_of(const clients::LocalResult& result);

}  // namespace edgefuse::app
