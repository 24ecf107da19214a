#pragma once

#include <cstdint>

namespace edgefuse::llm {

/// How a client's device stores a number. int8 and nf4 are quantised in blocks (llm/held_weight.hpp): projections only,
/// what else a variant consists of stays fp16.
enum class Storage : std::uint8_t { fp16, fp32, int8, nf4 };
[[nodiscard]] double bytes_each(Storage storage);

/// What travels of the factors: `one`, A and B by turns, counts half of both; `core` is R, rank × rank, between them.
enum class Sent : std::uint8_t { none, both, a, b, one, core };

/// `weights`: the frozen variant, in memory and on the way down. `activations`: what a step keeps for its backward.
/// `update_bits` and `carried_bits`: a number of an update on the wire, and one of the factors that come along with the
/// variant on the way down, where adapters go on from round to round. In memory an adapter, its gradients and moments
/// are float32 always.
struct CostOptions {
  Storage weights = Storage::fp16;
  Storage activations = Storage::fp32;
  double update_bits = 32;
  Sent sent = Sent::both;
  double carried_bits = 32;
  Sent carried = Sent::none;
  bool frozen_factors = false;    // A and B beside the variant, float32: where training moves R alone
  bool control_variates = false;  // float32, SCAFFOLD's: as many numbers as are sent, up, down, and while it trains
  int moments = 2;  // numbers the optimiser keeps for each of the adapter's: AdamW 2, SGD 1 with momentum, else 0
};

}  // namespace edgefuse::llm
