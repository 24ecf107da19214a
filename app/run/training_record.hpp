#pragma once

#include <cstdint>

namespace edgefuse::app {

/// What a client's training was worth, for its row in the results and for the selection.
struct TrainingRecord {
  std::uint32_t client = 0;
  std::int64_t invitation = 0;
  double first_loss = 0;
  double last_loss = 0;
  double mean_loss = 0;
  bool refused = false;  // its numbers were not finite: not fused
};

}  // namespace edgefuse::app
