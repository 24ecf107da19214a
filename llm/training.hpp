#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::llm {

enum class Precision : std::uint8_t { fp32, bf16 };
enum class Schedule : std::uint8_t { constant, cosine };

/// AdamW (Loshchilov and Hutter, 1711.05101) on A and B alike, as torch.optim.AdamW computes it.
struct TrainingOptions {
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::constant;
  double weight_decay = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  std::optional<double> clip_norm{};  // global L2 norm over all factors of one member
  Precision precision = Precision::fp32;
};

/// Everything one client's local training depends on. Each batch is one optimiser step.
struct TrainingJob {
  Adapter initial;
  std::vector<Batch> steps;
};

struct TrainedAdapter {
  Adapter adapter;
  std::vector<double> losses;      // per step, mean over its labels, before the step
  std::vector<double> grad_norms;  // per step, before clipping
};

/// Trains every job of a gang through the shared, frozen `variant`; result i belongs to job i. The base is read once
/// per step for all members; only the factors are per member. All jobs have the same LoRA rank and targets; they may
/// have different numbers of steps and rows.
/// A gang of K gives what K gangs of one give, up to rounding (DESIGN law 7). Runs on the calling thread only.
/// A member whose loss or gradient is not finite keeps the values it had, and its losses end with that value.
[[nodiscard]] std::vector<TrainedAdapter> train_gang(const Model& variant, std::span<const TrainingJob> jobs,
                                                     const TrainingOptions& options);

}  // namespace edgefuse::llm
