#include "llm/tokenizer/pre_tokenizer.hpp"

#include <iterator>

#include <fmt/format.h>

#include "llm/tokenizer/byte_alphabet.hpp"
#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

using Pieces = std::vector<Piece>;

/// The parts of `piece`; only a part at its very beginning can still be the text's first.
void cut(const Piece& piece, const std::vector<Extent>& extents, Pieces& out) {
  for (const auto& extent : extents)
    if (extent.begin != extent.end)
      out.push_back({std::string{extent.of(piece.text)}, piece.first && extent.begin == 0});
}

void apply(const Split& split, Piece piece, Pieces& out) {
  cut(piece, split_at(piece.text, split.pattern.find_all(piece.text), split.on_match, split.invert), out);
}

void apply(const ByteLevel& bytes, Piece piece, Pieces& out) {
  if (bytes.add_prefix_space && !piece.text.starts_with(' ')) piece.text.insert(0, 1, ' ');
  if (bytes.words.empty()) {
    out.push_back({in_letters(piece.text), piece.first});
    return;
  }
  const auto words = split_at(piece.text, bytes.words.front().find_all(piece.text), OnMatch::isolated, false);
  for (const auto& word : words)
    out.push_back({in_letters(word.of(piece.text)), piece.first && word.begin == 0});
}

void apply(const Metaspace& metaspace, Piece piece, Pieces& out) {
  piece.text = with_replaced(piece.text, find_literal(piece.text, " "), metaspace.replacement);
  const bool wanted =
      metaspace.before == Metaspace::Before::always || (metaspace.before == Metaspace::Before::first && piece.first);
  if (wanted && !piece.text.starts_with(metaspace.replacement)) piece.text.insert(0, metaspace.replacement);
  if (!metaspace.split) {
    out.push_back(std::move(piece));
    return;
  }
  const auto places = find_literal(piece.text, metaspace.replacement);
  cut(piece, split_at(piece.text, places, OnMatch::merged_with_next, false), out);
}

OnMatch read_behavior(const JsonNode& node) {
  const auto name = node.text();
  if (name == "Removed") return OnMatch::removed;
  if (name == "Isolated") return OnMatch::isolated;
  if (name == "Contiguous") return OnMatch::contiguous;
  if (name == "MergedWithPrevious") return OnMatch::merged_with_previous;
  if (name == "MergedWithNext") return OnMatch::merged_with_next;
  node.refuse(fmt::format("unknown behavior \"{}\"", name));
}

ByteLevel read_byte_level(const JsonNode& node) {
  ByteLevel bytes{node.flag("add_prefix_space", true), {}};
  if (node.flag("use_regex", true)) bytes.words.emplace_back(Regex{gpt2_words()});
  return bytes;
}

void read_steps(const JsonNode& node, std::vector<PreTokenizer::Step>& steps) {
  const auto type = node.at("type").text();
  if (type == "Sequence") {
    for (const auto& item : node.at("pretokenizers").items())
      read_steps(item, steps);
  } else if (type == "ByteLevel") {
    steps.emplace_back(read_byte_level(node));
  } else if (type == "Split") {
    steps.emplace_back(
        Split{read_pattern(node.at("pattern")), read_behavior(node.at("behavior")), node.flag("invert", false)});
  } else if (type == "Digits") {
    const bool each = node.flag("individual_digits", false);
    steps.emplace_back(Split{Pattern{Regex{"\\p{N}"}}, each ? OnMatch::isolated : OnMatch::contiguous});
  } else if (type == "Metaspace") {
    steps.emplace_back(read_metaspace(node));
  } else {
    node.refuse(fmt::format("pre-tokenizer \"{}\" is not supported", type),
                "supported: ByteLevel, Split, Digits, Metaspace, Sequence");
  }
}

}  // namespace

std::vector<Piece> PreTokenizer::operator()(Piece text) const {
  Pieces pieces;
  if (!text.text.empty()) pieces.push_back(std::move(text));
  for (const auto& step : steps_) {
    Pieces finer;
    for (auto& piece : pieces)
      std::visit([&](const auto& chosen) { apply(chosen, std::move(piece), finer); }, step);
    pieces = std::move(finer);
  }
  return pieces;
}

std::string_view gpt2_words() {
  return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
}

PreTokenizer read_pre_tokenizer(const JsonNode& node) {
  std::vector<PreTokenizer::Step> steps;
  read_steps(node, steps);
  return PreTokenizer{std::move(steps)};
}

Metaspace read_metaspace(const JsonNode& node) {
  Metaspace metaspace;
  if (const auto replacement = node.find("replacement")) {
    metaspace.replacement.clear();
    append_utf8(metaspace.replacement, replacement->character());
  }
  metaspace.split = node.flag("split", true);
  if (!node.flag("add_prefix_space", true)) metaspace.before = Metaspace::Before::never;
  if (const auto scheme = node.find("prepend_scheme")) {
    const auto name = scheme->text();
    if (name != "always" && name != "first" && name != "never")
      scheme->refuse(fmt::format("unknown prepend scheme \"{}\"", name), "always, first and never are known");
    metaspace.before = name == "always"  ? Metaspace::Before::always
                       : name == "first" ? Metaspace::Before::first
                                         : Metaspace::Before::never;
  }
  return metaspace;
}

}  // namespace edgefuse::llm::tokenizing
