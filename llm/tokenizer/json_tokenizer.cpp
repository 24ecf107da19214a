#include "llm/tokenizer/json_tokenizer.hpp"

#include <string>
#include <unordered_map>
#include <utility>

#include "llm/tokenizer/read_file.hpp"
#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

TokenFinder raw_finder(const std::vector<AddedToken>& added) {
  std::vector<AddedToken> raw;
  for (const auto& token : added)
    if (!token.normalized) raw.push_back(token);
  return TokenFinder{std::move(raw)};
}

TokenFinder normalized_finder(const std::vector<AddedToken>& added, const Normalizer& normalizer) {
  std::vector<AddedToken> normalized;
  for (auto token : added) {
    if (!token.normalized) continue;
    token.content = normalizer(token.content);
    normalized.push_back(std::move(token));
  }
  return TokenFinder{std::move(normalized)};
}

}  // namespace

/// One call of encode. Words repeat in a long text, so it remembers the tokens of each.
class JsonTokenizer::Encoding {
 public:
  Encoding(const JsonTokenizer& tokenizer, std::vector<std::int64_t>& ids) : tokenizer_{tokenizer}, ids_{ids} {}

  void add_text(std::string_view text) {
    for (const auto& [token, extent] : tokenizer_.in_raw_text_.split(text)) {
      if (token) {
        ids_.push_back(*token);
      } else {
        add_stretch(tokenizer_.parts_.normalizer(std::string{extent.of(text)}), extent.begin == 0);
      }
    }
  }

 private:
  void add_stretch(const std::string& text, bool first) {
    for (const auto& [token, extent] : tokenizer_.in_normalized_text_.split(text)) {
      if (token) {
        ids_.push_back(*token);
        continue;
      }
      for (auto& piece : tokenizer_.parts_.pre_tokenizer({std::string{extent.of(text)}, first && extent.begin == 0}))
        add_word(std::move(piece.text));
    }
  }

  void add_word(std::string word) {
    const auto [known, fresh] = words_.try_emplace(std::move(word));
    auto& [begin, end] = known->second;
    if (fresh) {
      begin = ids_.size();
      tokenizer_.parts_.bpe.encode(known->first, workspace_, ids_);
      end = ids_.size();
      return;
    }
    for (auto at = begin; at < end; ++at)
      ids_.push_back(ids_[at]);
  }

  const JsonTokenizer& tokenizer_;
  std::vector<std::int64_t>& ids_;
  Bpe::Workspace workspace_;
  std::unordered_map<std::string, Extent> words_;  // where in `ids_` a word's tokens already stand
};

JsonTokenizer::JsonTokenizer(TokenizerParts parts)
    : parts_{std::move(parts)},
      in_raw_text_{raw_finder(parts_.added)},
      in_normalized_text_{normalized_finder(parts_.added, parts_.normalizer)} {
  for (std::size_t id = 0; id < parts_.tokens.size(); ++id)
    ids_.emplace(parts_.tokens[id], static_cast<TokenId>(id));
}

std::vector<std::int64_t> JsonTokenizer::encode(std::string_view text, Special special) const {
  std::vector<std::int64_t> ids;
  if (special == Special::add) ids = parts_.special_template.before;
  Encoding{*this, ids}.add_text(repaired_utf8(text));
  if (special == Special::add)
    ids.insert(ids.end(), parts_.special_template.after.begin(), parts_.special_template.after.end());
  return ids;
}

std::string JsonTokenizer::decode(const std::vector<std::int64_t>& ids) const {
  std::vector<std::string> tokens;
  for (const auto id : ids)
    if (id >= 0 && id < vocabulary()) tokens.push_back(parts_.tokens[static_cast<std::size_t>(id)]);
  if (parts_.decoder) return (*parts_.decoder)(std::move(tokens));
  std::string text;
  for (const auto& token : tokens)
    text += (text.empty() ? "" : " ") + token;
  return text;
}

std::optional<std::int64_t> JsonTokenizer::token_id(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::unique_ptr<Tokenizer> load_json_tokenizer(const std::filesystem::path& file) {
  return std::make_unique<JsonTokenizer>(read_tokenizer_parts(read_file(file), file.string()));
}

}  // namespace edgefuse::llm::tokenizing
