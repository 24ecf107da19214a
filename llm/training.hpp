#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/cores.hpp"
#include "llm/factor_gradient.hpp"
#include "llm/model.hpp"
#include "llm/sequence.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm {

enum class Optimiser : std::uint8_t { adamw, sgd };
enum class Schedule : std::uint8_t { constant, cosine, linear };

/// How every member of a gang trains. A and B are treated alike.
struct TrainingOptions {
  Optimiser optimiser = Optimiser::adamw;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::constant;
  double warm_up = 0;  // share of the steps over which the rate rises
  double weight_decay = 0;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // AdamW's
  double momentum = 0;                                // SGD's
  std::optional<double> clip_norm{};                  // global L2 norm over all factors of one member
  double proximal = 0;                                // FedProx's μ
  double dropout = 0;                                 // on the input of every adapter, training only
  Precision precision = Precision::fp32;
  bool recompute = false;  // less memory, a second forward; the same numbers
};

/// Which factors training moves; the others keep every bit.
enum class Factors : std::uint8_t { both, a, b };

/// What makes a member's last ranks small (HetLoRA, 2401.06432): λ·Σ ‖A[kept:, :]‖·‖B[:, kept:]‖ over its modules is
/// added to its loss, Frobenius norms. A tail that is zero has the gradient 0, of all its subgradients.
struct TailPenalty {
  double lambda = 0;
  std::int64_t kept = 0;  // leading ranks that are not penalised
};

/// Everything one client's local training depends on. Each batch is one optimiser step.
struct TrainingJob {
  Adapter initial;
  std::vector<Batch> steps;
  sim::Stream randomness{};  // of dropout, in Domain::dropout_seed
  Factors trains = Factors::both;
  FactorGradient correction{};  // of each step's gradient: empty, or of all modules of `initial`
  std::optional<TailPenalty> penalty{};
  /// Where they are given, of all modules: R alone is trained, whatever `trains` says, and A of `initial` is R·basis.
  /// Neither correction nor penalty goes with them.
  Cores cores{};
};

struct TrainedAdapter {
  Adapter adapter;
  std::vector<double> losses;      // per step, mean over its labels, before the step
  std::vector<double> grad_norms;  // per step, before clipping
  bool stopped = false;            // a loss, a gradient or what a step would have made of the factors was not finite
  CoreMatrices cores{};            // R of a job that had cores
};

/// Trains every job of a gang through the shared, frozen `variant`; result i belongs to job i. The base is read once
/// per step for all members; only the factors are per member. Work is done on the device that holds the variant
/// (llm/device.hpp), with the adapters of jobs and results on the host. Jobs may differ in ranks, targets, numbers of
/// steps, rows and lengths. With FedProx (Li et al., 1812.06127) each step's gradient gets μ·(w - w_initial); losses
/// are reported without it and without a penalty. A correction (SCAFFOLD's c - c_i, 1910.06378) is added to the
/// gradient as it is after clipping, so that clipping bounds what the data say and not the correction. A gang of K
/// gives what K gangs of one give, up to rounding (DESIGN law 7). Runs on the calling thread only. A member whose loss
/// or gradient is not finite, or whose step would lead to factors that are not, stops there: it keeps the factors it
/// had, and its losses end with that step's. What `hold` made of the variant's base for this precision is used; without
/// it bf16 rounds the weights once a gang.
[[nodiscard]] std::vector<TrainedAdapter> train_gang(const Model& variant, std::span<const TrainingJob> jobs,
                                                     const TrainingOptions& options);

}  // namespace edgefuse::llm
