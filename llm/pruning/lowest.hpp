#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace edgefuse::llm {

/// Marks the lowest of `scores` until `count` are marked; those marked before count, and stay marked. Of equal scores
/// the first goes first. All scores are finite.
void mark_lowest(std::span<const double> scores, std::int64_t count, std::span<bool> marked);

/// The same for every `run` neighbours in memory: a whole matrix, its rows, or M in a row. `scores` [out, in] float64
/// and `marked` [out, in] bool, both contiguous; their size is a multiple of `run`.
void mark_lowest_of_each(const at::Tensor& scores, std::int64_t run, std::int64_t count, at::Tensor& marked);

}  // namespace edgefuse::llm
