#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "llm/tokenizer.hpp"
#include "llm/tokenizer/added_tokens.hpp"
#include "llm/tokenizer/bpe.hpp"
#include "llm/tokenizer/decoder.hpp"
#include "llm/tokenizer/normalizer.hpp"
#include "llm/tokenizer/pre_tokenizer.hpp"

namespace edgefuse::llm::tokenizing {

/// The parts of a tokenizer.json, read and checked.
struct TokenizerParts {
  Bpe bpe;
  std::vector<AddedToken> added;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::optional<Decoder> decoder;
  Tokenizer::Template special_template;
  std::vector<std::string> tokens;  // by id: the model's and the added ones
};

/// Hugging Face `tokenizers`' pipeline: added tokens, normaliser, pre-tokeniser, BPE, template; and the decoder back.
class JsonTokenizer final : public Tokenizer {
 public:
  explicit JsonTokenizer(TokenizerParts parts);

  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text, Special special) const override;
  [[nodiscard]] std::string decode(const std::vector<std::int64_t>& ids) const override;
  [[nodiscard]] std::int64_t vocabulary() const override { return static_cast<std::int64_t>(parts_.tokens.size()); }
  [[nodiscard]] const Template& special_template() const override { return parts_.special_template; }
  [[nodiscard]] std::optional<std::int64_t> token_id(std::string_view token) const override;

 private:
  class Encoding;

  TokenizerParts parts_;
  TokenFinder in_raw_text_;
  TokenFinder in_normalized_text_;
  TokenIds ids_;
};

/// Reads a tokenizer.json given as text; `file` is its name in messages. Throws InputError with everything that is
/// wrong or not supported. `truncation` and `padding` are ignored, as transformers does.
[[nodiscard]] TokenizerParts read_tokenizer_parts(std::string_view json, std::string_view file);

/// The tokenizer of a tokenizer.json.
[[nodiscard]] std::unique_ptr<Tokenizer> load_json_tokenizer(const std::filesystem::path& file);

}  // namespace edgefuse::llm::tokenizing
