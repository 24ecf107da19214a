#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/engine/engine.hpp"
#include "llm/engine/factors.hpp"
#include "llm/engine/head.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::llm::engine {

struct GangOptions {
  Precision precision = Precision::fp32;
  std::int64_t longest = 1;  // no text will have more tokens
  double dropout = 0;
  bool recompute = false;  // blocks compute their forward again for the backward instead of keeping it
};

/// A frozen model with the adapters of several members on it: losses and their gradients, a batch for each member. Who
/// moves the factors by them is the caller's affair.
template <class T>
class Gang {
 public:
  /// check_adapter_fits holds for all adapters.
  Gang(const Model& model, std::span<const Adapter* const> adapters, const GangOptions& options);

  /// Member m's loss on *batches[m], the mean over its labels, and in `factors()` its gradients; a member whose batch
  /// is null takes no part. Every batch has a label.
  [[nodiscard]] std::vector<double> losses_and_gradients(std::span<const Batch* const> batches);

  [[nodiscard]] GangFactors<T>& factors() { return factors_; }
  [[nodiscard]] const GangFactors<T>& factors() const { return factors_; }

 private:
  void run(const Pass& pass, std::span<const double> member_weights, std::span<double> losses);

  Engine<T> engine_;
  Head<T> head_;
  GangFactors<T> factors_;
  Matrix<T> d_output_;
};

/// Positions with a label to predict.
[[nodiscard]] std::int64_t label_count(const Batch& batch);

/// A step's texts in order of member, and what a label's loss weighs in its member's mean.
struct GangBatch {
  std::vector<Row> rows;
  std::vector<double> weights;  // of members
};
/// Null batches take no part. The gradients of all who do become zero.
template <class T>
[[nodiscard]] GangBatch begin_batch(std::span<const Batch* const> batches, GangFactors<T>& factors);

[[nodiscard]] std::vector<FactorLayout> layouts_of(const Model& model, std::span<const Adapter* const> adapters);
/// What the loss of each of a pass's queries weighs.
[[nodiscard]] std::vector<double> query_weights(const Pass& pass, std::span<const double> member_weights);
/// Adds the queries' losses to those of their members.
void add_losses(const Pass& pass, std::span<const double> nll, std::span<const double> member_weights,
                std::span<double> losses);

extern template class Gang<float>;
extern template class Gang<double>;

}  // namespace edgefuse::llm::engine
