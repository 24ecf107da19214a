#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/cores.hpp"
#include "llm/engine/factors.hpp"

namespace edgefuse::llm {

/// One member's R as the numbers that its optimiser moves: ∂L/∂R = ∂L/∂A · basisᵀ, and then A = R·basis.
template <class T>
class CoreTraining {
 public:
  /// `cores` has the modules of the layout, of their ranks and widths.
  CoreTraining(const engine::FactorLayout& layout, const Cores& cores);

  /// R of all modules, row by row.
  [[nodiscard]] std::span<T> numbers() { return numbers_; }
  /// Their gradient, of that of the member's factors.
  [[nodiscard]] std::span<T> gradients(std::span<T> of_factors);
  /// Puts A = R·basis among the member's factors.
  void put(std::span<T> factors);
  [[nodiscard]] CoreMatrices store() const;

 private:
  struct Module {
    ModuleId id;
    std::size_t a = 0;  // where its A begins among the factors
    std::size_t r = 0;  // and its R among the numbers
    at::Tensor basis;   // of this type
  };

  std::vector<Module> modules_;
  std::vector<T> numbers_;
  std::vector<T> gradients_;
};

}  // namespace edgefuse::llm
