#include "llm/tokenizer/split.hpp"

#include <algorithm>

namespace edgefuse::llm::tokenizing {
namespace {

struct Stretch {
  Extent extent;
  bool matched = false;
};

/// The whole text as matched and unmatched stretches.
std::vector<Stretch> cover(std::string_view text, const std::vector<Extent>& matches, bool invert) {
  std::vector<Stretch> stretches;
  stretches.reserve(matches.size() + 1);
  std::size_t covered = 0;
  for (const auto& match : matches) {
    if (covered != match.begin) stretches.push_back({{covered, match.begin}, invert});
    stretches.push_back({match, !invert});
    covered = match.end;
  }
  if (covered != text.size()) stretches.push_back({{covered, text.size()}, invert});
  return stretches;
}

std::vector<Extent> contiguous(const std::vector<Stretch>& stretches) {
  std::vector<Extent> parts;
  bool previous = false;
  for (const auto& [extent, matched] : stretches) {
    if (matched == previous && !parts.empty()) {
      parts.back().end = extent.end;
    } else {
      parts.push_back(extent);
    }
    previous = matched;
  }
  return parts;
}

std::vector<Extent> merged_with_previous(const std::vector<Stretch>& stretches) {
  std::vector<Extent> parts;
  bool previous = false;
  for (const auto& [extent, matched] : stretches) {
    if (matched && !previous && !parts.empty()) {
      parts.back().end = extent.end;
    } else {
      parts.push_back(extent);
    }
    previous = matched;
  }
  return parts;
}

std::vector<Extent> merged_with_next(const std::vector<Stretch>& stretches) {
  std::vector<Extent> parts;
  bool previous = false;
  for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
    if (stretch->matched && !previous && !parts.empty()) {
      parts.back().begin = stretch->extent.begin;
    } else {
      parts.push_back(stretch->extent);
    }
    previous = stretch->matched;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

std::vector<Extent> split_at(std::string_view text, const std::vector<Extent>& matches, OnMatch on_match, bool invert) {
  const auto stretches = cover(text, matches, invert);
  switch (on_match) {
    case OnMatch::contiguous:
      return contiguous(stretches);
    case OnMatch::merged_with_previous:
      return merged_with_previous(stretches);
    case OnMatch::merged_with_next:
      return merged_with_next(stretches);
    case OnMatch::removed:
    case OnMatch::isolated:
      break;
  }
  std::vector<Extent> parts;
  parts.reserve(stretches.size());
  for (const auto& [extent, matched] : stretches)
    if (!matched || on_match == OnMatch::isolated) parts.push_back(extent);
  return parts;
}

}  // namespace edgefuse::llm::tokenizing
