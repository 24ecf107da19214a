#pragma once

#include <cstdint>
#include <optional>

#include "llm/adapter.hpp"
#include "llm/adapter_costs.hpp"
#include "llm/config.hpp"
#include "llm/cost_options.hpp"
#include "llm/variant.hpp"
#include "sim/units.hpp"

namespace edgefuse::llm {

/// One optimiser step: `rows` texts padded to `sequence` positions; logits are computed at `labelled_share` of them.
/// That is a mean over steps, which decides how long they take; what has to fit is the step with the most labels.
struct StepShape {
  std::int64_t rows = 1;
  std::int64_t sequence = 1;
  double labelled_share = 1;
  std::optional<std::int64_t> most_labels{};  // in any one step; the mean where it is not given
  bool recompute = false;  // blocks keep their input only, and compute their forward again for the backward

  friend bool operator==(const StepShape&, const StepShape&) = default;
};

// Everything below is counted from sizes alone, no tensor exists. For layer l of a variant with K KV heads, H = K·group
// query heads, n neurons, and the model's hidden d, head_dim e, vocabulary V, adapter rank r, step of R rows by S
// positions (T = R·S tokens, L = labelled_share·T labels, at most M in a step):
//
//   P_l = 2·H·e·d + 2·K·e·d + 3·n·d                    weights of the seven projections
//   U_l = Σ r·(in + out) over the adapted projections   numbers of the adapter
//
// Norms, rotations, activation functions and AdamW's dozen operations per adapter number are left out of the FLOPs:
// together they stay below a hundredth of the products. docs/models/costs.md derives each line.

/// Numbers the variant holds: embedding, head (when it is not the embedding), norms, biases and projections. Of a layer
/// with zeros among its weights those that are not zero, density·P_l.
[[nodiscard]] std::int64_t parameters(const ModelConfig& config, const VariantShape& shape);
/// Forward: Σ_l 2·T·(P_l + U_l) + 2·R·S·(S+1)·H·e (causal attention) + 2·L·V·d.
[[nodiscard]] Flops forward_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                  const StepShape& step);
/// Backward of a frozen base, dX only: 2·T·P_l for the projections; twice the forward for attention (dQ, dK, dV, dP)
/// and for the adapters (dA, dB and their share of dX); once the forward for the head. With recomputation the forward
/// of all blocks once more.
[[nodiscard]] Flops backward_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                   const StepShape& step);
/// Forward and backward of one optimiser step.
[[nodiscard]] Flops step_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                               const StepShape& step);

/// The variant's numbers at their storage precision, in memory. Zeros take their place there, and count as any weight
/// for operations and traffic: nothing here multiplies sparse matrices.
[[nodiscard]] Bytes weight_bytes(const ModelConfig& config, const VariantShape& shape, const CostOptions& options = {});
/// What the backward needs of the forward, all layers: per token 4·d + 2·(H+K)·e + 3·n + r per adapted projection, and
/// H for attention's log-sums (its scores are computed again, not kept); (H+K)·e more where q and k have norms. With
/// recomputation d per layer, and all that of the widest layer only.
[[nodiscard]] Bytes activation_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                     const StepShape& step, const CostOptions& options = {});

/// Memory traffic of one step: weights read forward and again backward (of the embedding only the rows looked up),
/// activations written and read, logits and their gradient written and read, and 5 + 2·moments passes over the
/// adapter's float32 numbers (two reads, gradient written and read, every moment read and written, one write); with
/// control variates one read of as many numbers as are sent.
[[nodiscard]] Bytes step_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                               const StepShape& step, const CostOptions& options = {});

/// Weights + activations + what a step holds for a while + 4·(2 + moments) bytes per adapter number (value, gradient,
/// moments), and 4 per number of a control variate. For a while: M·V logits, which their gradient replaces, or a chunk
/// of 2^24; 3·(T+M)·d and T times 2·max(n, (H+K)·e) of the widest layer for gradients; and of quantised weights the
/// largest projection as a whole. Within 15 % of what the engine allocates (tests/llm/memory_model_test.cpp).
[[nodiscard]] Bytes peak_training_memory(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                         const StepShape& step, const CostOptions& options = {});

/// The variant's weights at rest and on the wire, without zeros: P_l·(density·bytes + index_bits/8) of each layer.
[[nodiscard]] Bytes download_bytes(const ModelConfig& config, const VariantShape& shape,
                                   const CostOptions& options = {});
/// All of the above for one client's choice.
struct VariantCost {
  std::int64_t parameters = 0;
  std::int64_t adapter_parameters = 0;
  Flops forward;      // one step
  Flops backward;     // one step
  Bytes traffic;      // one step
  Bytes peak_memory;  // while it trains
  Bytes download;
  Bytes upload;
};
[[nodiscard]] VariantCost variant_cost(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                                       const StepShape& step, const CostOptions& options = {});

}  // namespace edgefuse::llm
