#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace edgefuse::llm {

/// Learns a byte-level BPE vocabulary from `texts` and returns it as the text of a tokenizer.json, which this program
/// and Hugging Face read. Words are cut by GPT-2's regular expression. Ids: the special tokens in their order, the 256
/// bytes in the order of their letters, then the merges. At each step the most frequent pair of neighbours merges, of
/// equally frequent ones the pair with the smallest ids: the same texts always give the same file.
/// Special tokens in the texts separate words and teach nothing. There is no template: nothing is put around a text.
/// The vocabulary is smaller than asked for when no pair occurs twice any more.
/// Throws InputError when `vocabulary` does not hold the special tokens and the 256 bytes, or when a special token is
/// empty or comes twice.
[[nodiscard]] std::string train_bpe(std::span<const std::string> texts, std::size_t vocabulary,
                                    std::span<const std::string> special_tokens);

}  // namespace edgefuse::llm
