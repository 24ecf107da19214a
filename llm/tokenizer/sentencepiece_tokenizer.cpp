#include "llm/tokenizer/sentencepiece_tokenizer.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "llm/tokenizer/json_node.hpp"
#include "llm/tokenizer/read_file.hpp"
#include "llm/tokenizer/sentencepiece_bpe.hpp"
#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

struct EndsWanted {
  bool bos = true;
  bool eos = false;
};

EndsWanted ends_wanted(const std::filesystem::path& config) {
  if (!std::filesystem::exists(config)) return {};
  const auto name = config.string();
  const auto document = parse_json(read_file(config), name);
  const JsonNode root{document, name};
  return {root.flag("add_bos_token", true), root.flag("add_eos_token", false)};
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(SentencePieceModel model, EndsWanted wanted) : model_{std::move(model)} {
    if (wanted.bos && model_.bos) template_.before.push_back(*model_.bos);
    if (wanted.eos && model_.eos) template_.after.push_back(*model_.eos);
  }

  [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text, Special special) const override {
    const auto pieces = sentencepiece_ids(model_, sentencepiece_normalized(model_, repaired_utf8(text)));
    if (special == Special::leave_out) return pieces;
    auto ids = template_.before;
    ids.insert(ids.end(), pieces.begin(), pieces.end());
    ids.insert(ids.end(), template_.after.begin(), template_.after.end());
    return ids;
  }

  [[nodiscard]] std::string decode(const std::vector<std::int64_t>& ids) const override {
    std::vector<std::int64_t> known;
    for (const auto id : ids)
      if (id >= 0 && id < vocabulary()) known.push_back(id);
    return sentencepiece_text(model_, known);
  }

  [[nodiscard]] std::int64_t vocabulary() const override { return static_cast<std::int64_t>(model_.pieces.size()); }
  [[nodiscard]] const Template& special_template() const override { return template_; }

  [[nodiscard]] std::optional<std::int64_t> token_id(std::string_view token) const override {
    const auto found = model_.ids.find(token);
    if (found == model_.ids.end()) return std::nullopt;
    return found->second;
  }

 private:
  SentencePieceModel model_;
  Template template_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece(const std::filesystem::path& file) {
  return std::make_unique<SentencePieceTokenizer>(read_sentencepiece(read_file(file), file.string()),
                                                  ends_wanted(file.parent_path() / "tokenizer_config.json"));
}

}  // namespace edgefuse::llm::tokenizing
