#include "llm/tokenizer/normalizer.hpp"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "llm/tokenizer/utf8.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

const icu::Normalizer2& instance(UnicodeForm form, UErrorCode& status) {
  switch (form) {
    case UnicodeForm::nfc:
      return *icu::Normalizer2::getNFCInstance(status);
    case UnicodeForm::nfd:
      return *icu::Normalizer2::getNFDInstance(status);
    case UnicodeForm::nfkc:
      return *icu::Normalizer2::getNFKCInstance(status);
    case UnicodeForm::nfkd:
      break;
  }
  return *icu::Normalizer2::getNFKDInstance(status);
}

std::string apply(UnicodeForm form, std::string text) {
  UErrorCode status = U_ZERO_ERROR;
  std::string normal;
  icu::StringByteSink<std::string> sink{&normal};
  instance(form, status)
      .normalizeUTF8(0, icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, status);
  if (U_FAILURE(status)) throw RunError{fmt::format("ICU could not normalise a text: {}", u_errorName(status))};
  return normal;
}

std::string apply(const Prepend& prepend, std::string text) {
  return text.empty() ? text : prepend.text + text;
}

std::string apply(const Replace& replace, std::string text) {
  return with_replaced(text, replace.pattern.find_all(text), replace.content);
}

std::string apply(const StripSpace& strip, std::string text) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    if (u_isUWhiteSpace(static_cast<UChar32>(next_code_point(text, at)))) continue;
    begin = std::min(begin, start);
    end = at;
  }
  if (begin == text.size()) return strip.left || strip.right ? std::string{} : text;
  if (!strip.left) begin = 0;
  if (!strip.right) end = text.size();
  return text.substr(begin, end - begin);
}

void read_steps(const JsonNode& node, std::vector<Normalizer::Step>& steps) {
  const auto type = node.at("type").text();
  if (type == "Sequence") {
    for (const auto& item : node.at("normalizers").items())
      read_steps(item, steps);
  } else if (type == "NFC") {
    steps.emplace_back(UnicodeForm::nfc);
  } else if (type == "NFD") {
    steps.emplace_back(UnicodeForm::nfd);
  } else if (type == "NFKC") {
    steps.emplace_back(UnicodeForm::nfkc);
  } else if (type == "NFKD") {
    steps.emplace_back(UnicodeForm::nfkd);
  } else if (type == "Prepend") {
    steps.emplace_back(Prepend{node.at("prepend").text()});
  } else if (type == "Replace") {
    steps.emplace_back(Replace{read_pattern(node.at("pattern")), node.at("content").text()});
  } else if (type == "Strip") {
    steps.emplace_back(StripSpace{node.flag("strip_left", true), node.flag("strip_right", true)});
  } else {
    node.refuse(fmt::format("normalizer \"{}\" is not supported", type),
                "supported: NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip, Sequence");
  }
}

}  // namespace

std::string Normalizer::operator()(std::string text) const {
  for (const auto& step : steps_)
    text = std::visit([&](const auto& chosen) { return apply(chosen, std::move(text)); }, step);
  return text;
}

Normalizer read_normalizer(const JsonNode& node) {
  std::vector<Normalizer::Step> steps;
  read_steps(node, steps);
  return Normalizer{std::move(steps)};
}

}  // namespace edgefuse::llm::tokenizing
