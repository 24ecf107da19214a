#include "llm/tokenizer/bpe.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "llm/tokenizer/utf8.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

constexpr TokenId merged_away = -1;

std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

Bpe::Bpe(TokenIds vocabulary, const std::vector<MergeRule>& merges, Options options)
    : vocabulary_{std::move(vocabulary)}, options_{options} {
  merges_.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank)
    merges_[pair_key(merges[rank].left, merges[rank].right)] = {static_cast<std::int32_t>(rank), merges[rank].merged};
  for (const auto& [token, id] : vocabulary_) {
    std::size_t at = 0;
    if (token.empty()) continue;
    const char32_t point = next_code_point(token, at);
    if (at == token.size()) characters_[point] = id;
  }
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
    const auto found = vocabulary_.find(fmt::format("<0x{:02X}>", byte));
    if (found != vocabulary_.end()) bytes_[byte] = found->second;
  }
}

void Bpe::encode(std::string_view word, Workspace& workspace, std::vector<std::int64_t>& ids) const {
  if (options_.ignore_merges) {
    if (const auto whole = vocabulary_.find(word); whole != vocabulary_.end()) {
      ids.push_back(whole->second);
      return;
    }
  }
  take_apart(word, workspace.symbols);
  merge(workspace);
  for (const auto& symbol : workspace.symbols)
    if (symbol.id != merged_away) ids.push_back(symbol.id);
}

void Bpe::take_apart(std::string_view word, std::vector<Workspace::Symbol>& symbols) const {
  symbols.clear();
  const auto add = [&](TokenId id) {
    const auto at = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({id, at - 1, at + 1});
  };
  bool after_unknown = false;
  for (std::size_t at = 0; at < word.size();) {
    const auto begin = at;
    const auto known = characters_.find(next_code_point(word, at));
    const auto utf8 = word.substr(begin, at - begin);
    const auto byte = [&](char c) { return bytes_[static_cast<std::uint8_t>(c)]; };
    const bool falls_back = known == characters_.end() && options_.byte_fallback &&
                            std::all_of(utf8.begin(), utf8.end(), [&](char c) { return byte(c).has_value(); });
    const bool unknown = known == characters_.end() && !falls_back;
    if (known != characters_.end()) {
      add(known->second);
    } else if (falls_back) {
      for (const char c : utf8)
        add(*byte(c));
    } else if (options_.unknown && !(after_unknown && options_.fuse_unknown)) {
      add(*options_.unknown);
    }
    after_unknown = unknown;
  }
  if (!symbols.empty()) symbols.back().next = -1;
}

const Bpe::Outcome* Bpe::outcome(TokenId left, TokenId right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

namespace {

/// std heaps keep the largest on top: the lowest rank, and among equals the leftmost, must count as largest.
constexpr auto later = [](const auto& a, const auto& b) { return std::tie(a.rank, a.at) > std::tie(b.rank, b.at); };

}  // namespace

void Bpe::propose(Workspace& workspace, std::int32_t left) const {
  const auto& symbols = workspace.symbols;
  if (left < 0 || symbols[left].next < 0) return;
  if (const auto* found = outcome(symbols[left].id, symbols[symbols[left].next].id)) {
    workspace.heap.push_back({found->rank, left, found->merged});
    std::push_heap(workspace.heap.begin(), workspace.heap.end(), later);
  }
}

void Bpe::merge(Workspace& workspace) const {
  auto& [symbols, heap] = workspace;
  heap.clear();
  for (std::size_t left = 0; left < symbols.size(); ++left)
    propose(workspace, static_cast<std::int32_t>(left));
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const auto best = heap.back();
    heap.pop_back();
    auto& left = symbols[best.at];
    if (left.id == merged_away || left.next < 0) continue;
    auto& right = symbols[left.next];
    // An earlier merge may have changed either neighbour since this was proposed.
    const auto* still = outcome(left.id, right.id);
    if (still == nullptr || still->merged != best.merged) continue;
    left.id = best.merged;
    left.next = right.next;
    right.id = merged_away;
    if (left.next >= 0) symbols[left.next].previous = best.at;
    propose(workspace, left.previous);
    propose(workspace, best.at);
  }
}

}  // namespace edgefuse::llm::tokenizing
