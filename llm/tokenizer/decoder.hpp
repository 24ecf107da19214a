#pragma once

#include <string>
#include <variant>
#include <vector>

#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/normalizer.hpp"
#include "llm/tokenizer/pre_tokenizer.hpp"

namespace edgefuse::llm::tokenizing {

/// Letters of the byte alphabet back to bytes; the whole becomes one string, ill-formed parts U+FFFD.
struct BytesFromLetters {};
/// Runs of tokens such as "<0xE4>" back to the text they spell, or one U+FFFD each when they spell none.
struct BytesFromHex {};
/// All tokens become one.
struct Fuse {};
/// Removes up to `start` and `stop` times `content` from the ends of each token.
struct StripCharacter {
  char32_t content = U' ';
  std::int64_t start = 0;
  std::int64_t stop = 0;
};

/// The `decoder` of tokenizer.json: tokens to text.
class Decoder {
 public:
  using Step = std::variant<BytesFromLetters, BytesFromHex, Fuse, StripCharacter, Replace, Metaspace>;

  explicit Decoder(std::vector<Step> steps) : steps_{std::move(steps)} {}

  [[nodiscard]] std::string operator()(std::vector<std::string> tokens) const;

 private:
  std::vector<Step> steps_;
};

/// ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace and Sequence; InputError names any other.
[[nodiscard]] Decoder read_decoder(const JsonNode& node);

}  // namespace edgefuse::llm::tokenizing
