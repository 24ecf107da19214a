#include "llm/tokenizer/added_tokens.hpp"

#include <algorithm>
#include <utility>

#include <unicode/uchar.h>

#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

bool is_space(char32_t point) {
  return u_isUWhiteSpace(static_cast<UChar32>(point));
}

/// \w of Unicode regular expressions (UTS 18, annex C).
bool is_word(char32_t point) {
  const auto code = static_cast<UChar32>(point);
  return u_isUAlphabetic(code) || (U_GET_GC_MASK(code) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 ||
         u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL);
}

/// Where the code point that ends at `end` begins.
std::size_t previous(std::string_view text, std::size_t end) {
  do
    --end;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

char32_t point_at(std::string_view text, std::size_t at) {
  return next_code_point(text, at);
}

bool stands_alone(std::string_view text, Extent extent) {
  const bool left = extent.begin == 0 || !is_word(point_at(text, previous(text, extent.begin)));
  const bool right = extent.end == text.size() || !is_word(point_at(text, extent.end));
  return left && right;
}

std::size_t skip_space_left(std::string_view text, std::size_t begin, std::size_t limit) {
  while (begin > limit && is_space(point_at(text, previous(text, begin))))
    begin = previous(text, begin);
  return begin;
}

std::size_t skip_space_right(std::string_view text, std::size_t end) {
  while (end < text.size()) {
    std::size_t at = end;
    if (!is_space(next_code_point(text, at))) break;
    end = at;
  }
  return end;
}

}  // namespace

TokenFinder::TokenFinder(std::vector<AddedToken> tokens) : tokens_{std::move(tokens)} {
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    if (!tokens_[i].content.empty()) by_first_byte_[static_cast<unsigned char>(tokens_[i].content[0])].push_back(i);
  for (auto& bucket : by_first_byte_)
    std::stable_sort(bucket.begin(), bucket.end(),
                     [&](auto a, auto b) { return tokens_[a].content.size() > tokens_[b].content.size(); });
}

const AddedToken* TokenFinder::longest_at(std::string_view text, std::size_t at) const {
  for (const auto index : by_first_byte_[static_cast<unsigned char>(text[at])])
    if (text.substr(at).starts_with(tokens_[index].content)) return &tokens_[index];
  return nullptr;
}

std::vector<Stretch> TokenFinder::split(std::string_view text) const {
  std::vector<Stretch> stretches;
  std::size_t covered = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    Extent extent{at, at + token->content.size()};
    at = extent.end;
    if (token->single_word && !stands_alone(text, extent)) continue;
    if (token->left_strip) extent.begin = skip_space_left(text, extent.begin, covered);
    if (token->right_strip) extent.end = skip_space_right(text, extent.end);
    if (covered < extent.begin) stretches.push_back({std::nullopt, {covered, extent.begin}});
    stretches.push_back({token->id, extent});
    covered = extent.end;
    at = std::max(at, covered);
  }
  if (covered < text.size()) stretches.push_back({std::nullopt, {covered, text.size()}});
  return stretches;
}

std::vector<AddedToken> read_added_tokens(const JsonNode& node) {
  std::vector<AddedToken> tokens;
  for (const auto& item : node.items()) {
    const auto id = item.at("id").integer();
    if (id < 0 || id >= 1 << 30) item.at("id").refuse("not a token id", "ids are integers from 0");
    auto content = item.at("content").text();
    if (content.empty()) item.at("content").refuse("empty token");
    tokens.push_back({.id = static_cast<TokenId>(id),
                      .content = std::move(content),
                      .single_word = item.flag("single_word", false),
                      .left_strip = item.flag("lstrip", false),
                      .right_strip = item.flag("rstrip", false),
                      .normalized = item.flag("normalized", false)});
  }
  return tokens;
}

}  // namespace edgefuse::llm::tokenizing
