#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/training.hpp"

namespace edgefuse::app {

// Factors that go on from round to round.

/// Factors of at most that rank: a change's own where it has no more, else the best there are.
[[nodiscard]] llm::ModelDelta cut(llm::ModelDelta change, std::int64_t rank);

/// `whole` less `part`.
[[nodiscard]] llm::ModelDelta difference(const llm::ModelDelta& whole, const llm::ModelDelta& part);

/// The factors of a low-rank change as an adapter of that spec's scale has them, so that s·B·A is that change: all
/// ranks, or the first `spec.rank` where there are more.
[[nodiscard]] llm::Adapter as_adapter(const llm::ModelDelta& change, const llm::LoraSpec& spec);

/// The adapter's factors become those of `carried`; of fewer ranks than the adapter has, the last rows of A stay as
/// they were drawn, with B as it is.
void start_from(llm::Adapter& adapter, const llm::Adapter& carried);

/// What came of a client that was sent `sent` of `held`, together with the rest, which the server alone has:
/// `arrived + (held - sent)` in the ranks that arrived, so that nothing is added where all was sent.
[[nodiscard]] llm::Adapter plus_unsent(llm::Adapter arrived, const llm::Adapter& held, const llm::Adapter& sent);

/// The factors that were not trained become those of `held`, in the ranks that both have.
void keep_frozen(llm::Adapter& adapter, const llm::Adapter& held, llm::Factors trained);

}  // namespace edgefuse::app
