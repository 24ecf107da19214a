#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/pattern.hpp"
#include "llm/tokenizer/split.hpp"

namespace edgefuse::llm::tokenizing {

struct Split {
  Pattern pattern;
  OnMatch on_match = OnMatch::isolated;
  bool invert = false;  // what the pattern does not match counts as the match
};

/// GPT-2's way: words by its regular expression (when `words` holds one), then every byte as a letter of the byte
/// alphabet.
struct ByteLevel {
  bool add_prefix_space = true;
  std::vector<Pattern> words;  // one or none
};

/// SentencePiece's way: spaces become `replacement`, which is also put before a text that lacks it.
struct Metaspace {
  enum class Before { never, first, always };
  std::string replacement = "\u2581";
  Before before = Before::always;
  bool split = true;
};

/// A word on its way to the model.
struct Piece {
  std::string text;
  bool first = false;  // it stands at the very beginning of the text
};

/// The `pre_tokenizer` of tokenizer.json: steps that cut a text into the words the model sees one at a time.
class PreTokenizer {
 public:
  using Step = std::variant<Split, ByteLevel, Metaspace>;

  PreTokenizer() = default;
  explicit PreTokenizer(std::vector<Step> steps) : steps_{std::move(steps)} {}

  /// The words of `text`, none of them empty.
  [[nodiscard]] std::vector<Piece> operator()(Piece text) const;

 private:
  std::vector<Step> steps_;
};

/// The regular expression of GPT-2 (Radford et al. 2019, encoder.py).
[[nodiscard]] std::string_view gpt2_words();

/// ByteLevel, Split, Digits, Metaspace and Sequence; InputError names any other.
[[nodiscard]] PreTokenizer read_pre_tokenizer(const JsonNode& node);
/// Also used by the decoder, whose Metaspace has the same fields.
[[nodiscard]] Metaspace read_metaspace(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
