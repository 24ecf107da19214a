#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/tokenizer/bpe_reader.hpp"
#include "llm/tokenizer/json_tokenizer.hpp"
#include "llm/tokenizer/read_file.hpp"
#include "llm/tokenizer/template.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

/// Collects what is wrong with the sections of a file, so that the user hears of everything at once.
class Mistakes {
 public:
  template <class Read>
  auto gather(Read read) -> std::optional<decltype(read())> {
    try {
      return read();
    } catch (const InputError& error) {
      found_.insert(found_.end(), error.mistakes().begin(), error.mistakes().end());
      return std::nullopt;
    }
  }

  void add(const JsonNode& node, std::string problem, std::string remedy) {
    found_.push_back({.file = std::string{node.file()},
                      .key = node.path(),
                      .problem = std::move(problem),
                      .remedy = std::move(remedy)});
  }

  void throw_if_any() const {
    if (!found_.empty()) throw InputError{found_};
  }

 private:
  std::vector<Mistake> found_;
};

/// The section's value; `absent` when the file has none.
template <class Read, class Value = std::invoke_result_t<Read, JsonNode>>
Value read_section(Mistakes& mistakes, const JsonNode& root, std::string_view name, Read read, Value absent = {}) {
  auto value = mistakes.gather([&]() -> Value {
    const auto node = root.find(name);
    return node ? read(*node) : std::move(absent);
  });
  return value ? *std::move(value) : Value{};
}

using Owners = std::map<TokenId, std::string>;

void claim(Owners& owners, const AddedToken& token, const TokenIds& vocabulary, const JsonNode& node,
           Mistakes& mistakes) {
  if (const auto known = vocabulary.find(token.content); known != vocabulary.end() && known->second != token.id) {
    mistakes.add(node,
                 fmt::format("\"{}\" has id {} here and {} in model.vocab", token.content, token.id, known->second),
                 "a token has one id");
    return;
  }
  const auto [owner, fresh] = owners.emplace(token.id, token.content);
  if (!fresh && owner->second != token.content)
    mistakes.add(node,
                 fmt::format("id {} is given twice: to \"{}\" and to \"{}\"", token.id, owner->second, token.content),
                 "an id has one token");
}

/// Every token by its id; complains about ids that two tokens share and ids nobody has.
std::vector<std::string> tokens_by_id(const Bpe& bpe, const std::vector<AddedToken>& added, const JsonNode& root,
                                      Mistakes& mistakes) {
  Owners owners;
  for (const auto& [token, id] : bpe.vocabulary())
    owners.emplace(id, token);
  if (const auto node = root.find("added_tokens"))
    for (const auto& token : added)
      claim(owners, token, bpe.vocabulary(), *node, mistakes);
  std::vector<std::string> tokens;
  std::int64_t holes = 0;
  std::int64_t first_hole = -1;
  std::int64_t expected = 0;
  for (const auto& [id, token] : owners) {
    if (id != expected && first_hole < 0) first_hole = expected;
    holes += id - expected;
    expected = id + 1;
    tokens.push_back(token);
  }
  if (holes > 0)
    mistakes.add(root.at("model").at("vocab"),
                 fmt::format("the ids have holes: {} belongs to no token{}", first_hole,
                             holes > 1 ? fmt::format(", nor do {} more", holes - 1) : ""),
                 "vocabulary and added tokens together must number their tokens from 0 without gaps");
  return tokens;
}

void check_template(const Tokenizer::Template& around, std::size_t vocabulary, const JsonNode& root,
                    Mistakes& mistakes) {
  for (const auto* side : {&around.before, &around.after})
    for (const auto id : *side)
      if (id < 0 || id >= static_cast<std::int64_t>(vocabulary))
        mistakes.add(root.at("post_processor"), fmt::format("the template's id {} belongs to no token", id), "");
}

}  // namespace

TokenizerParts read_tokenizer_parts(std::string_view json, std::string_view file) {
  const auto document = parse_json(json, file);
  const JsonNode root{document, file};
  Mistakes mistakes;
  auto bpe = mistakes.gather([&] { return read_bpe(root.at("model")); });
  auto added = read_section(mistakes, root, "added_tokens", read_added_tokens);
  auto normalizer = read_section(mistakes, root, "normalizer", read_normalizer);
  auto pre_tokenizer = read_section(mistakes, root, "pre_tokenizer", read_pre_tokenizer);
  auto decoder =
      read_section(mistakes, root, "decoder", [](const JsonNode& node) { return std::optional{read_decoder(node)}; });
  auto around = read_section(mistakes, root, "post_processor", read_template);
  mistakes.throw_if_any();
  auto tokens = tokens_by_id(*bpe, added, root, mistakes);
  if (root.find("post_processor")) check_template(around, tokens.size(), root, mistakes);
  mistakes.throw_if_any();
  return {*std::move(bpe),    std::move(added),  std::move(normalizer), std::move(pre_tokenizer),
          std::move(decoder), std::move(around), std::move(tokens)};
}

}  // namespace edgefuse::llm::tokenizing
