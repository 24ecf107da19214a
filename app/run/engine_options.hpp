#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/costs.hpp"
#include "llm/held_weight.hpp"
#include "llm/training.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The scenario's adapter, training and base sections as the engine and the cost model take them.
[[nodiscard]] llm::LoraSpec lora_spec(const scenarios::Adapter& adapter);
[[nodiscard]] llm::LoraSpec lora_spec(const scenarios::Adapter& adapter, std::int64_t rank);
[[nodiscard]] llm::TrainingOptions training_options(const scenarios::Training& training);
[[nodiscard]] llm::Quantisation quantisation(scenarios::Storage storage);
/// How many bits a number takes on the wire.
struct WireBits {
  double update = 32;
  double carried = 32;  // of the factors that travel down
};
/// How a client's device holds what it trains on, and what travels beside its variant.
[[nodiscard]] llm::CostOptions cost_options(const scenarios::Scenario& scenario, const WireBits& bits);

}  // namespace edgefuse::app
