#pragma once

#include <ATen/core/Tensor.h>

#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// x in the precision of a product's operands.
[[nodiscard]] at::Tensor operand(const at::Tensor& x, Precision precision);

/// x·w' on the device of x, with the operands in the precision of the run: what Frozen does on a CPU. `held` is the
/// weight's other form, where `hold` made one; only that is read then. Autograd knows the way back to x. A quantised
/// weight is made dense for each product and not kept in between.
[[nodiscard]] at::Tensor frozen_product(const at::Tensor& x, const at::Tensor& weight, const HeldWeight& held,
                                        Precision precision);

}  // namespace edgefuse::llm::engine
