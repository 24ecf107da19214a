#pragma once

#include <ATen/core/Tensor.h>

#include <map>

#include "llm/engine/factors.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm::engine {

/// One module's factors of all members of a gang. A member with a smaller rank, or without an adapter there, has zeros
/// in both factors, which get no gradient.
struct StackedFactors {
  at::Tensor a;             // [members, rank, in]
  at::Tensor b_transposed;  // [members, rank, out]
};

/// A gang's factors as tensors on a device that autograd can differentiate with respect to. They follow the numbers in
/// GangFactors, where optimisers move them.
class TensorFactors {
 public:
  template <class T>
  TensorFactors(const GangFactors<T>& factors, std::size_t members, std::size_t layers, at::Device device);

  /// Null where no member adapts the module.
  [[nodiscard]] const StackedFactors* find(ModuleId module) const;
  [[nodiscard]] const at::Tensor& scales() const { return scales_; }  // [members, 1, 1]

  /// Adds the gradients that a backward left to those of `factors`, from which this was made.
  template <class T>
  void add_gradients_to(GangFactors<T>& factors) const;

 private:
  std::map<ModuleId, StackedFactors> modules_;
  at::Tensor scales_;
};

}  // namespace edgefuse::llm::engine
