#pragma once

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "llm/adapter.hpp"
#include "llm/training.hpp"

namespace edgefuse::clients {

// Factors as the sequence of numbers that travels: module by module, A before B, row by row.

/// Those of an adapter that are sent, in this order.
[[nodiscard]] std::vector<at::Tensor*> sent_factors(llm::Adapter& adapter, llm::Factors sent);

/// All numbers of float32 tensors.
[[nodiscard]] std::vector<float> numbers_of(const std::vector<at::Tensor*>& factors);

/// The reverse: new tensors of the factors' shapes, so that whoever shared the old ones keeps them.
void put(std::span<const float> numbers, const std::vector<at::Tensor*>& factors);

}  // namespace edgefuse::clients
