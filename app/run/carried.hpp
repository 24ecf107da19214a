#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"

namespace edgefuse::app {

// Factors that go on from round to round.

/// Factors of at most that rank: a change's own where it has no more, else the best there are.
[[nodiscard]] llm::ModelDelta cut(llm::ModelDelta change, std::int64_t rank);

/// `whole` less `part`.
[[nodiscard]] llm::ModelDelta difference(const llm::ModelDelta& whole, const llm::ModelDelta& part);

/// The adapter's factors become those of `change`, so that s·B·A is that change; of fewer ranks than the adapter has,
/// the last rows of A stay as they were drawn, with B = 0.
void start_from(llm::Adapter& adapter, const llm::ModelDelta& change);

}  // namespace edgefuse::app
