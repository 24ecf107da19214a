#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "clients/compression/compressor.hpp"
#include "llm/pruning/calibration.hpp"
#include "server/fusion/statistics.hpp"
#include "server/optimiser/server_optimiser.hpp"
#include "server/protocol/protocol.hpp"
#include "server/recovery/recovery.hpp"

namespace edgefuse::app {

/// How the server makes one change of the updates that come back.
struct Aggregation {
  std::function<double(std::int64_t staleness)> discount;
  server::Mixing mixing{};
  std::function<std::uint32_t(std::uint32_t client)> group{};  // its aggregator; empty where there is none
  const server::Recovery& recovery;
  const server::ServerOptimiser* optimiser = nullptr;    // none: a fused change is the step
  const clients::Compressor* compressor = nullptr;       // none: updates arrive as they were sent
  const clients::Compressor* down_compressor = nullptr;  // none: carried factors do
  llm::Calibration
      public_texts{};  // to train the fused model on once more, or to judge fusion by, where that is wanted
  std::vector<server::Reveals> reveals{};  // what the arms' rules must know of clients' data
};

}  // namespace edgefuse::app
