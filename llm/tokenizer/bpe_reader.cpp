#include "llm/tokenizer/bpe_reader.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

void check_supported(const JsonNode& model) {
  const auto type = model.find("type");
  // Files of 2019 do not say; only BPE has merges.
  if (type && type->text() != "BPE")
    type->refuse(fmt::format("tokenizer model \"{}\" is not supported", type->text()), "only BPE is");
  if (!type && !model.find("merges")) model.at("type").refuse("missing");
  if (const auto dropout = model.find("dropout"); dropout && dropout->value() != 0)
    dropout->refuse("BPE dropout is not supported", "set it to null: it would make ids random");
  for (const auto* name : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const auto affix = model.find(name); affix && !affix->text().empty())
      affix->refuse(fmt::format("\"{}\": affixes of words are not supported", affix->text()));
}

TokenId token_id(const JsonNode& vocabulary, const std::string& token, const nlohmann::json& id) {
  if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() >= 1 << 30)
    vocabulary.refuse(fmt::format("the id of \"{}\" is {}", token, id.dump()), "ids are integers from 0");
  return id.get<TokenId>();
}

TokenIds read_vocabulary(const JsonNode& node) {
  if (!node.value().is_object()) node.refuse(fmt::format("expected an object, found {}", node.value().type_name()));
  if (node.value().empty()) node.refuse("empty vocabulary");
  TokenIds ids;
  std::map<TokenId, const std::string*> owners;
  for (const auto& [token, value] : node.value().items()) {
    const auto id = token_id(node, token, value);
    const auto [given, fresh] = owners.emplace(id, &ids.emplace(token, id).first->first);
    if (!fresh) node.refuse(fmt::format("id {} is given twice: to \"{}\" and to \"{}\"", id, *given->second, token));
  }
  return ids;
}

std::pair<std::string, std::string> read_pair(const JsonNode& merges, std::size_t rank) {
  const auto& value = merges.value()[rank];
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string())
    return {value[0].get<std::string>(), value[1].get<std::string>()};
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos)
      return {text.substr(0, space), text.substr(space + 1)};
  }
  merges.refuse(fmt::format("merge {} is {}", rank, value.dump()),
                "a merge is \"left right\" or [\"left\", \"right\"]");
}

/// The rule for a pair, or the token the vocabulary lacks.
std::variant<MergeRule, std::string> resolve(const TokenIds& ids, const std::pair<std::string, std::string>& pair) {
  const auto whole = pair.first + pair.second;
  for (const auto& token : {pair.first, pair.second, whole})
    if (!ids.contains(token)) return token;
  return MergeRule{ids.at(pair.first), ids.at(pair.second), ids.at(whole)};
}

std::vector<MergeRule> read_merges(const JsonNode& node, const TokenIds& ids) {
  if (!node.value().is_array()) node.refuse(fmt::format("expected a list, found {}", node.value().type_name()));
  std::vector<MergeRule> rules;
  std::string first_problem;
  std::size_t unknown = 0;
  for (std::size_t rank = 0; rank < node.value().size(); ++rank) {
    const auto& value = node.value()[rank];
    if (value.is_string() && value.get_ref<const std::string&>().starts_with("#version")) continue;
    const auto pair = read_pair(node, rank);
    auto resolved = resolve(ids, pair);
    if (const auto* rule = std::get_if<MergeRule>(&resolved)) {
      rules.push_back(*rule);
    } else if (unknown++ == 0) {
      first_problem = fmt::format("merge {} (\"{}\" + \"{}\") needs the token \"{}\", which the vocabulary lacks", rank,
                                  pair.first, pair.second, std::get<std::string>(resolved));
    }
  }
  if (unknown > 1) first_problem += fmt::format("; so do {} more merges", unknown - 1);
  if (unknown > 0) node.refuse(first_problem, "vocabulary and merges must come from the same tokenizer");
  return rules;
}

}  // namespace

Bpe read_bpe(const JsonNode& model) {
  check_supported(model);
  auto ids = read_vocabulary(model.at("vocab"));
  const auto merges = read_merges(model.at("merges"), ids);
  Bpe::Options options{.byte_fallback = model.flag("byte_fallback", false),
                       .fuse_unknown = model.flag("fuse_unk", false),
                       .ignore_merges = model.flag("ignore_merges", false),
                       .unknown = {}};
  if (const auto unknown = model.find("unk_token")) {
    const auto found = ids.find(unknown->text());
    if (found == ids.end()) unknown->refuse(fmt::format("the vocabulary has no \"{}\"", unknown->text()));
    options.unknown = found->second;
  }
  return Bpe{std::move(ids), merges, options};
}

}  // namespace edgefuse::llm::tokenizing
