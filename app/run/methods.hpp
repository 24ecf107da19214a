#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "app/run/arms.hpp"
#include "clients/compression/compressor.hpp"
#include "clients/policy/ratio_policy.hpp"
#include "data/partitioners/partitioner.hpp"
#include "llm/pruning/prune.hpp"
#include "llm/pruning/pruner.hpp"
#include "scenarios/scenario.hpp"
#include "server/optimiser/server_optimiser.hpp"
#include "server/protocol/protocol.hpp"
#include "server/recovery/recovery.hpp"
#include "server/selection/selection.hpp"

namespace edgefuse::app {

/// Everything a scenario chooses by name, made from that name and its parameters.
struct Methods {
  std::unique_ptr<data::Partitioner> partitioner;
  std::vector<std::unique_ptr<llm::Pruner>> pruners;  // one for each of `pruning.masks`
  std::unique_ptr<server::Recovery> recovery;
  std::unique_ptr<clients::RatioPolicy> policy;
  std::unique_ptr<server::Protocol> protocol;
  std::unique_ptr<server::Selection> selection;
  std::unique_ptr<server::ServerOptimiser> optimiser;
  std::unique_ptr<clients::Compressor> compressor;
  std::unique_ptr<clients::Compressor> down_compressor;
  std::vector<Arm> arms;
  std::size_t primary_arm = 0;  // whose model goes into the next round
};

/// Makes all of them, whatever the fidelity needs: a scenario that runs under "timing" is right under "learning" too.
/// Throws InputError with every unknown method and parameter.
[[nodiscard]] Methods make_methods(const scenarios::Scenario& scenario);

/// The scenario's budget and protected layers.
[[nodiscard]] llm::PruningOptions pruning_options(const scenarios::Pruning& pruning);

}  // namespace edgefuse::app
