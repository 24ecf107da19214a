#pragma once

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

// Factors that go on from round to round: low-rank changes of the base in its shapes, with LoRA's scale in B, whose
// rows of A and columns of B mean the same to everybody.

/// A module's factors; that the change has them is an invariant.
[[nodiscard]] const llm::LowRank& factors_in(const llm::ModelDelta& change, llm::ModuleId id);

/// A client's factors as they would be, had it begun where the server is `now`, and with nothing left out: `now` plus
/// what it changed of `then`, from which it began. What its variant lacks it did not change, be that rows, columns or
/// whole modules. Of the ranks that it has; where it began with fewer, those `then` had.
[[nodiscard]] llm::ModelDelta rebased(const Contribution& contribution, const llm::ModelDelta& then,
                                      const llm::ModelDelta& now);

}  // namespace edgefuse::server
