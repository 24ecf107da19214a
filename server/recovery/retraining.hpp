#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/model.hpp"
#include "llm/training.hpp"

namespace edgefuse::server {

/// How the fused model trains once more on public text, and where.
struct RetrainingOptions {
  std::int64_t steps = 0;   // of the optimiser; 0 leaves the fused change as it is
  std::int64_t batch = 8;   // texts of one step
  llm::LoraSpec adapter{};  // rank, alpha and targets of the one adapter that learns
  llm::TrainingOptions training{.learning_rate = 1e-4};
  at::Device device = at::kCPU;
};

struct Retrained {
  llm::ModelDelta change;      // of the base: what was fused, and what was learnt on top of it
  std::vector<double> losses;  // of each step, before it
  bool stopped = false;        // something was not finite: what was learnt until then
};

/// Recovery in the stronger sense, as LLM-Pruner's recovery tuning (2305.11627): one fresh LoRA adapter is trained on
/// `base` + `fused` over token sequences in which every position is a label. The result stays a change of the base:
/// each module's is the sum of both, stacked as factors where that is smaller.
///
/// Each step takes the next `batch` texts; every pass over them is shuffled anew in Domain::retraining_batches by
/// (seed, round), so the same arguments give the same bits. Texts of fewer than two tokens have nothing to predict and
/// are left out. Throws InputError when no text is left, and as train_gang does for texts that the model cannot read.
[[nodiscard]] Retrained retrain(const llm::Model& base, const llm::ModelDelta& fused,
                                std::span<const std::vector<std::int64_t>> texts, const RetrainingOptions& options,
                                std::uint64_t seed, std::uint32_t round);

}  // namespace edgefuse::server
