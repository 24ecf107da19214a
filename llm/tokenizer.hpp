#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgefuse::llm {

/// Text to token ids and back, exactly as the model's own Hugging Face `tokenizers` or SentencePiece would.
/// A tokenizer never changes once it is loaded: any number of threads may use it.
class Tokenizer {
 public:
  enum class Special : bool { leave_out, add };

  /// The ids `Special::add` puts around a text: usually BOS before it and nothing after it.
  struct Template {
    std::vector<std::int64_t> before;
    std::vector<std::int64_t> after;
  };

  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  virtual ~Tokenizer() = default;

  /// Ids of a UTF-8 text (ill-formed parts count as U+FFFD). `add` puts the template around them.
  [[nodiscard]] virtual std::vector<std::int64_t> encode(std::string_view text, Special special) const = 0;
  /// The text of `ids`, special tokens included. Ids the vocabulary lacks (a model may have more rows than its
  /// tokenizer has tokens) give no text.
  [[nodiscard]] virtual std::string decode(const std::vector<std::int64_t>& ids) const = 0;
  /// Every id is below this.
  [[nodiscard]] virtual std::int64_t vocabulary() const = 0;
  [[nodiscard]] virtual const Template& special_template() const = 0;
  /// The id of an exact token string such as "<s>".
  [[nodiscard]] virtual std::optional<std::int64_t> token_id(std::string_view token) const = 0;
};

/// Reads `folder/tokenizer.json`, else `folder/tokenizer.model`. Throws InputError when there is neither or when the
/// file uses a feature that is not supported, naming it.
[[nodiscard]] std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace edgefuse::llm
