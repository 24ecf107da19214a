#pragma once

#include <string_view>
#include <vector>

#include "llm/tokenizer/regex.hpp"

namespace edgefuse::llm::tokenizing {

/// What becomes of a match when a text is split there.
enum class OnMatch { removed, isolated, contiguous, merged_with_previous, merged_with_next };

/// Cuts `text` at `matches` (in order, not overlapping) as Hugging Face's SplitDelimiterBehavior prescribes. With
/// `invert`, the stretches between matches are what counts as matched.
[[nodiscard]] std::vector<Extent> split_at(std::string_view text, const std::vector<Extent>& matches, OnMatch on_match,
                                           bool invert);

}  // namespace edgefuse::llm::tokenizing
