#include "llm/tokenizer/sentencepiece_bpe.hpp"

#include <charconv>
#include <queue>
#include <tuple>

#include <fmt/format.h>

#include "llm/tokenizer/regex.hpp"
#include "llm/tokenizer/utf8.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

using Kind = SentencePieceModel::Kind;
constexpr std::string_view space_symbol = "\u2581";

/// Joins neighbours of one text.
class Joining {
 public:
  Joining(const SentencePieceModel& model, std::string_view text) : model_{model}, text_{text} {
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = at;
      static_cast<void>(next_code_point(text, at));
      const auto index = static_cast<std::int32_t>(symbols_.size());
      symbols_.push_back({{begin, at}, index - 1, index + 1});
    }
    if (!symbols_.empty()) symbols_.back().next = -1;
    for (std::size_t left = 0; left < symbols_.size(); ++left)
      propose(static_cast<std::int32_t>(left));
  }

  void run() {
    while (!agenda_.empty()) {
      const auto best = agenda_.top();
      agenda_.pop();
      auto& left = symbols_[best.left];
      if (gone(left) || left.next < 0) continue;
      auto& right = symbols_[left.next];
      // An earlier join may have lengthened either side since this was proposed.
      if (right.extent.end - left.extent.begin != best.size) continue;
      left.extent.end = right.extent.end;
      left.next = right.next;
      right.extent.end = right.extent.begin;
      if (left.next >= 0) symbols_[left.next].previous = best.left;
      propose(left.previous);
      propose(best.left);
    }
  }

  template <class Take>
  void for_each_piece(Take take) const {
    for (const auto& symbol : symbols_)
      if (!gone(symbol)) take(symbol.extent.of(text_));
  }

 private:
  struct Symbol {
    Extent extent;
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    float score;
    std::int32_t left;
    std::size_t size;
    bool operator<(const Candidate& other) const { return std::tie(score, other.left) < std::tie(other.score, left); }
  };

  static bool gone(const Symbol& symbol) { return symbol.extent.begin == symbol.extent.end; }

  void propose(std::int32_t left) {
    if (left < 0 || symbols_[left].next < 0) return;
    const Extent joint{symbols_[left].extent.begin, symbols_[symbols_[left].next].extent.end};
    const auto found = model_.ids.find(joint.of(text_));
    if (found == model_.ids.end()) return;
    const auto& piece = model_.pieces[static_cast<std::size_t>(found->second)];
    if (piece.kind == Kind::normal) agenda_.push({piece.score, left, joint.end - joint.begin});
  }

  const SentencePieceModel& model_;
  std::string_view text_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> agenda_;
};

std::uint8_t byte_of(std::string_view piece) {
  std::uint8_t byte = 0;
  std::from_chars(piece.data() + 3, piece.data() + 5, byte, 16);
  return byte;
}

void flush_bytes(std::string& bytes, std::string& text) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto begin = at;
    const auto point = next_code_point(bytes, at);
    const bool ill_formed = point == U'\uFFFD' && bytes.compare(begin, at - begin, "\uFFFD") != 0;
    if (ill_formed) at = begin + 1;
    append_utf8(text, point);
  }
  bytes.clear();
}

}  // namespace

std::string sentencepiece_normalized(const SentencePieceModel& model, std::string_view text) {
  std::string kept;
  for (const char c : text) {
    const bool extra = c == ' ' && (kept.empty() || kept.back() == ' ');
    if (!(model.remove_extra_spaces && extra)) kept.push_back(c);
  }
  if (kept.empty()) return {};
  auto normalized = with_replaced(kept, find_literal(kept, " "), space_symbol);
  if (model.add_dummy_prefix) normalized.insert(0, space_symbol);
  while (model.remove_extra_spaces && normalized.ends_with(space_symbol))
    normalized.resize(normalized.size() - space_symbol.size());
  return normalized;
}

std::vector<std::int64_t> sentencepiece_ids(const SentencePieceModel& model, std::string_view normalized) {
  Joining joining{model, normalized};
  joining.run();
  std::vector<std::int64_t> ids;
  bool after_unknown = false;
  joining.for_each_piece([&](std::string_view piece) {
    const auto found = model.ids.find(piece);
    const bool unknown = found == model.ids.end();
    if (!unknown) {
      ids.push_back(found->second);
    } else if (model.byte_fallback) {
      for (const char c : piece)
        ids.push_back(model.ids.at(fmt::format("<0x{:02X}>", static_cast<std::uint8_t>(c))));
    } else if (!after_unknown) {
      ids.push_back(model.unknown);
    }
    after_unknown = unknown;
  });
  return ids;
}

std::string sentencepiece_text(const SentencePieceModel& model, const std::vector<std::int64_t>& ids) {
  std::string text;
  std::string bytes;
  bool prefix_taken = false;
  for (const auto id : ids) {
    EDGEFUSE_EXPECTS(id >= 0 && id < static_cast<std::int64_t>(model.pieces.size()), "ids must be those of pieces");
    const auto& piece = model.pieces[static_cast<std::size_t>(id)];
    if (piece.kind == Kind::byte) {
      bytes.push_back(static_cast<char>(byte_of(piece.text)));
      continue;
    }
    flush_bytes(bytes, text);
    if (piece.kind == Kind::control) continue;
    if (piece.kind == Kind::unknown) {
      text += model.unknown_text;
      continue;
    }
    std::string_view rest = piece.text;
    const bool drops_prefix = model.remove_extra_spaces || (model.add_dummy_prefix && !prefix_taken);
    if (text.empty() && drops_prefix && rest.starts_with(space_symbol)) {
      rest.remove_prefix(space_symbol.size());
      prefix_taken = true;
    }
    text += with_replaced(rest, find_literal(rest, space_symbol), " ");
  }
  flush_bytes(bytes, text);
  return text;
}

}  // namespace edgefuse::llm::tokenizing
