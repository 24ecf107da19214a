#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/tokenizer/bpe.hpp"
#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/regex.hpp"

namespace edgefuse::llm::tokenizing {

/// A token that is found in a text before the model sees it, such as "<s>".
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;  // only where no word character touches it
  bool left_strip = false;   // takes the white space before it along
  bool right_strip = false;  // takes the white space behind it along
  bool normalized = false;   // looked for in the normalised text
};

/// A stretch of a text: an added token, or what lies between two of them.
struct Stretch {
  std::optional<TokenId> token;
  Extent extent;
};

/// Finds tokens in texts: at each place the longest, from left to right.
class TokenFinder {
 public:
  explicit TokenFinder(std::vector<AddedToken> tokens);

  /// The whole text as stretches, none of them empty.
  [[nodiscard]] std::vector<Stretch> split(std::string_view text) const;

 private:
  [[nodiscard]] const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;
  std::array<std::vector<std::size_t>, 256> by_first_byte_;  // indices, longest content first
};

/// The `added_tokens` of tokenizer.json. Throws InputError for an empty content or an id below 0.
[[nodiscard]] std::vector<AddedToken> read_added_tokens(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
