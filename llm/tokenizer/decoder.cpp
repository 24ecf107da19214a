#include "llm/tokenizer/decoder.hpp"

#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "llm/tokenizer/byte_alphabet.hpp"
#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

using Tokens = std::vector<std::string>;

/// The bytes a token spells; a token with any other character (an added token) is its own UTF-8.
std::string spelled(const std::string& token) {
  std::string bytes;
  for (std::size_t at = 0; at < token.size();) {
    const auto byte = letter_to_byte(next_code_point(token, at));
    if (!byte) return token;
    bytes.push_back(static_cast<char>(*byte));
  }
  return bytes;
}

Tokens apply(BytesFromLetters, Tokens tokens) {
  std::string bytes;
  for (const auto& token : tokens)
    bytes += spelled(token);
  return {repaired_utf8(bytes)};
}

std::optional<std::uint8_t> hex_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || !token.ends_with('>')) return std::nullopt;
  std::uint8_t byte = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (error != std::errc{} || end != token.data() + 5) return std::nullopt;
  return byte;
}

void flush(std::string& bytes, Tokens& out) {
  if (bytes.empty()) return;
  if (is_utf8(bytes)) {
    out.push_back(bytes);
  } else {
    out.insert(out.end(), bytes.size(), "\uFFFD");
  }
  bytes.clear();
}

Tokens apply(BytesFromHex, Tokens tokens) {
  Tokens out;
  std::string bytes;
  for (auto& token : tokens) {
    if (const auto byte = hex_byte(token)) {
      bytes.push_back(static_cast<char>(*byte));
    } else {
      flush(bytes, out);
      out.push_back(std::move(token));
    }
  }
  flush(bytes, out);
  return out;
}

Tokens apply(Fuse, Tokens tokens) {
  std::string all;
  for (const auto& token : tokens)
    all += token;
  return {std::move(all)};
}

Tokens apply(const StripCharacter& strip, Tokens tokens) {
  std::string content;
  append_utf8(content, strip.content);
  for (auto& token : tokens) {
    for (std::int64_t i = 0; i < strip.start && token.starts_with(content); ++i)
      token.erase(0, content.size());
    for (std::int64_t i = 0; i < strip.stop && token.ends_with(content); ++i)
      token.resize(token.size() - content.size());
  }
  return tokens;
}

Tokens apply(const Replace& replace, Tokens tokens) {
  for (auto& token : tokens)
    token = with_replaced(token, replace.pattern.find_all(token), replace.content);
  return tokens;
}

Tokens apply(const Metaspace& metaspace, Tokens tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool dummy = i == 0 && metaspace.before != Metaspace::Before::never;
    tokens[i] = with_replaced(tokens[i], find_literal(tokens[i], metaspace.replacement), dummy ? "" : " ");
  }
  return tokens;
}

void read_steps(const JsonNode& node, std::vector<Decoder::Step>& steps) {
  const auto type = node.at("type").text();
  if (type == "Sequence") {
    for (const auto& item : node.at("decoders").items())
      read_steps(item, steps);
  } else if (type == "ByteLevel") {
    steps.emplace_back(BytesFromLetters{});
  } else if (type == "ByteFallback") {
    steps.emplace_back(BytesFromHex{});
  } else if (type == "Fuse") {
    steps.emplace_back(Fuse{});
  } else if (type == "Strip") {
    steps.emplace_back(
        StripCharacter{node.at("content").character(), node.at("start").integer(), node.at("stop").integer()});
  } else if (type == "Replace") {
    steps.emplace_back(Replace{read_pattern(node.at("pattern")), node.at("content").text()});
  } else if (type == "Metaspace") {
    steps.emplace_back(read_metaspace(node));
  } else {
    node.refuse(fmt::format("decoder \"{}\" is not supported", type),
                "supported: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, Sequence");
  }
}

}  // namespace

std::string Decoder::operator()(std::vector<std::string> tokens) const {
  for (const auto& step : steps_)
    tokens = std::visit([&](const auto& chosen) { return apply(chosen, std::move(tokens)); }, step);
  std::string text;
  for (const auto& token : tokens)
    text += token;
  return text;
}

Decoder read_decoder(const JsonNode& node) {
  std::vector<Decoder::Step> steps;
  read_steps(node, steps);
  return Decoder{std::move(steps)};
}

}  // namespace edgefuse::llm::tokenizing
