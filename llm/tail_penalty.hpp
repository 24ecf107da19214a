#pragma once

#include <cstddef>
#include <span>

#include "llm/engine/factors.hpp"
#include "llm/training.hpp"

namespace edgefuse::llm {

/// Adds the gradient of a TailPenalty to a member's: of λ·‖A_t‖·‖B_t‖, the last rows of A and columns of B of one
/// module, λ·(‖B_t‖/‖A_t‖)·A_t and λ·(‖A_t‖/‖B_t‖)·B_t; 0 where either is zero.
template <class T>
void add_tail_gradient(const engine::FactorLayout& layout, std::size_t layers, const TailPenalty& penalty,
                       std::span<const T> values, std::span<T> gradients);

extern template void add_tail_gradient(const engine::FactorLayout&, std::size_t, const TailPenalty&,
                                       std::span<const float>, std::span<float>);
extern template void add_tail_gradient(const engine::FactorLayout&, std::size_t, const TailPenalty&,
                                       std::span<const double>, std::span<double>);

}  // namespace edgefuse::llm
