#pragma once

#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/sequence.hpp"

namespace edgefuse::llm {

/// What one example alone says: its loss, the mean over its labels, and that loss's gradient in the adapter's shapes.
struct ExampleGradient {
  double loss = 0;
  Adapter gradient;
};

/// The gradients of every example by itself at the same adapter, as differentially private SGD needs them (Abadi et
/// al., 1607.00133): examples are the members of a gang, so that the base is read once for all of them. Every example
/// has a label after its first position. Runs on the calling thread; throws InputError as train_gang does.
[[nodiscard]] std::vector<ExampleGradient> example_gradients(const Model& variant, const Adapter& adapter,
                                                             std::span<const Sequence> examples, Precision precision);

}  // namespace edgefuse::llm
