#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "llm/tokenizer/sentencepiece_model.hpp"

namespace edgefuse::llm::tokenizing {

/// SentencePiece's way of writing a text before it is taken apart: spaces as U+2581, a dummy one in front, and runs of
/// spaces as one where the model wants that.
[[nodiscard]] std::string sentencepiece_normalized(const SentencePieceModel& model, std::string_view text);

/// Ids of a normalised text. Of all neighbours that join to a piece, those of the highest score join first, the
/// leftmost among equals; unlike in tokenizer.json the parts themselves need not be pieces. O(n log n).
[[nodiscard]] std::vector<std::int64_t> sentencepiece_ids(const SentencePieceModel& model, std::string_view normalized);

/// The text of ids, as SentencePiece writes it: control pieces give nothing, the dummy space in front is taken away,
/// each byte that belongs to no well-formed character is U+FFFD.
[[nodiscard]] std::string sentencepiece_text(const SentencePieceModel& model, const std::vector<std::int64_t>& ids);

}  // namespace edgefuse::llm::tokenizing
