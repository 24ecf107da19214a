#pragma once

#include <cstdint>
#include <string>

#include "clients/trainer.hpp"
#include "sim/units.hpp"

namespace edgefuse::app {

/// Where in a run a round's training is.
struct TrainingMoment {
  std::int64_t round = 1;
  std::int64_t rounds = 1;
  Seconds elapsed;         // wall time of this round's training so far
  std::int64_t later = 0;  // adapters of the rounds after this one, at most; of several processes, this one's part
};

/// What the progress line says after a gang: "round 2 of 5: 8 of 12 adapters trained, 1630 tokens/s, 40 s of training
/// left". The rest is taken to go as fast as this round did.
[[nodiscard]] std::string progress_text(const TrainingMoment& moment, const clients::TrainingProgress& progress);

}  // namespace edgefuse::app
