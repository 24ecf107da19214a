#pragma once

#include <span>
#include <vector>

#include "llm/engine/factors.hpp"
#include "llm/engine/gang.hpp"
#include "llm/engine/tensor_model.hpp"

namespace edgefuse::llm::engine {

/// Tokens that go through the model at once on a device: enough to fill it, few enough for their logits, which exist
/// several times at once, to stay below a gigabyte each.
[[nodiscard]] std::int64_t device_token_budget(const ModelConfig& config);

/// Gang's work on the device that holds the model (docs/decisions/0005): the same members, passes, factors and masks,
/// in ATen's operations, with gradients by autograd. The factors stay on the host, where optimisers move them; every
/// call takes them to the device and their gradients back. T is the model's type.
template <class T>
class TensorGang {
 public:
  /// check_adapter_fits holds for all adapters; options.recompute is not set. `model` must outlive this.
  TensorGang(const Model& model, std::span<const Adapter* const> adapters, const GangOptions& options);

  /// As Gang's.
  [[nodiscard]] std::vector<double> losses_and_gradients(std::span<const Batch* const> batches);

  [[nodiscard]] GangFactors<T>& factors() { return factors_; }
  [[nodiscard]] const GangFactors<T>& factors() const { return factors_; }

 private:
  void run(const Pass& pass, const TensorAdapters& adapters, std::span<const double> member_weights,
           std::span<double> losses);

  TensorModel model_;
  std::size_t layers_;
  std::int64_t token_budget_;
  std::size_t members_;
  GangFactors<T> factors_;
};

extern template class TensorGang<float>;
extern template class TensorGang<double>;

}  // namespace edgefuse::llm::engine
