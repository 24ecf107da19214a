#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <variant>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// ΔW = B·A with the scale folded into B: A [rank, in], B [out, rank].
struct LowRank {
  at::Tensor a;
  at::Tensor b;
};
/// ΔW itself, [out, in].
struct Dense {
  at::Tensor matrix;
};
/// The change of one weight matrix, in the shape of the base.
using ModuleDelta = std::variant<LowRank, Dense>;

/// A change of the base: what recovery makes of one update, and what fusion makes of many.
using ModelDelta = std::map<ModuleId, ModuleDelta>;

[[nodiscard]] at::Tensor dense(const ModuleDelta& delta);
/// The adapter's ΔW of every module, low rank, scale folded in.
[[nodiscard]] ModelDelta to_delta(const Adapter& adapter);
/// `model` plus `delta`: touched weights are new tensors, all others shared with `model`.
/// Call it as `llm::apply`: an unqualified call finds `std::apply` as well, since ModelDelta is a std::map.
[[nodiscard]] Model apply(const Model& model, const ModelDelta& delta);

}  // namespace edgefuse::llm
