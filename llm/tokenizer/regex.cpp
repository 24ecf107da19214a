#include "llm/tokenizer/regex.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>
#include <unicode/utf16.h>

#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

icu::UnicodeString utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())});
}

/// Walks a UTF-16 text from left to right and knows the byte offset its UTF-8 form has there.
class ByteOffset {
 public:
  explicit ByteOffset(const icu::UnicodeString& text) : text_{text} {}

  std::size_t at(std::int32_t unit) {
    while (unit_ < unit) {
      const UChar32 point = text_.char32At(unit_);
      unit_ += U16_LENGTH(point);
      bytes_ += static_cast<std::size_t>(U8_LENGTH(point));
    }
    return bytes_;
  }

 private:
  const icu::UnicodeString& text_;
  std::int32_t unit_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

struct Regex::Compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
};

Regex::Regex(std::string_view pattern) {
  // Oniguruma, which tokenizer.json is written for, lets ^ and $ match at every line and knows one line end: \n.
  UErrorCode status = U_ZERO_ERROR;
  UParseError place{};
  std::unique_ptr<icu::RegexPattern> compiled{
      icu::RegexPattern::compile(utf16(pattern), UREGEX_MULTILINE | UREGEX_UNIX_LINES, place, status)};
  if (U_FAILURE(status))
    throw std::invalid_argument{
        fmt::format("not a valid regular expression ({} at character {})", u_errorName(status), place.offset)};
  compiled_ = std::make_unique<const Compiled>(Compiled{std::move(compiled)});
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

std::vector<Extent> Regex::find_all(std::string_view text) const {
  const auto units = utf16(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher{compiled_->pattern->matcher(units, status)};
  std::vector<Extent> found;
  ByteOffset offset{units};
  while (U_SUCCESS(status) && matcher->find(status)) {
    const auto begin = offset.at(matcher->start(status));
    found.push_back({begin, offset.at(matcher->end(status))});
  }
  if (U_FAILURE(status)) throw RunError{fmt::format("regular expression gave up: {}", u_errorName(status))};
  return found;
}

std::vector<Extent> find_literal(std::string_view text, std::string_view literal) {
  std::vector<Extent> found;
  for (auto at = text.find(literal); at != std::string_view::npos; at = text.find(literal, at + literal.size()))
    found.push_back({at, at + literal.size()});
  return found;
}

std::string with_replaced(std::string_view text, const std::vector<Extent>& places, std::string_view content) {
  std::string replaced;
  replaced.reserve(text.size());
  std::size_t copied = 0;
  for (const auto& place : places) {
    replaced.append(text.substr(copied, place.begin - copied)).append(content);
    copied = place.end;
  }
  return replaced.append(text.substr(copied));
}

}  // namespace edgefuse::llm::tokenizing
