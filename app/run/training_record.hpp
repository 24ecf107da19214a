#pragma once

#include <cstdint>
#include <optional>

#include "clients/trainer.hpp"
#include "llm/stop.hpp"

namespace edgefuse::app {

/// What a client's training was worth, for its row in the results and for the selection.
struct TrainingRecord {
  std::uint32_t client = 0;
  std::int64_t invitation = 0;
  double first_loss = 0;
  double last_loss = 0;
  double mean_loss = 0;
  bool refused = false;                     // not fused: its training stopped, or what came of it was not finite
  std::optional<llm::Stop> stopped{};       // where its training did, if so
  bool forgot_drift = false;                // its control variate was of other factors, and began anew
  std::optional<std::int64_t> pruned_to{};  // the rank it goes on with, where it gave some up
};

/// Of what came of a training; refused until it is taken in.
[[nodiscard]] TrainingRecord record_of(const clients::LocalResult& result);

}  // namespace edgefuse::app
