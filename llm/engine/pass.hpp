#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "llm/sequence.hpp"

namespace edgefuse::llm::engine {

/// Positions begin .. end - 1 of a packed list.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

/// The consecutive packed positions that belong to one gang member.
struct MemberSpan {
  std::size_t member = 0;
  Span span;
};

/// Positions of several texts laid one behind the other, with no padding between them. Where texts begin alike, what
/// they share may come once, as row 0: every other row's keys then are the first `prefix` tokens and its own.
struct Packed {
  std::vector<std::int64_t> positions;  // each one's place in its own text
  std::vector<std::int64_t> numbers;    // of the tokens, counted for each member through all passes of a step
  std::vector<Span> rows;               // one for each text, after the shared one
  std::vector<MemberSpan> members;      // in order of member

  std::int64_t prefix = 0;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(positions.size()); }
  [[nodiscard]] std::span<const std::int64_t> numbers_of(Span part) const {
    return std::span{numbers}.subspan(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(part.size()));
  }
};

/// What goes through the model at once. `tokens` are read, `queries` are those of them that must predict something:
/// the last block and the head are computed only there. Row i of both belongs to the same text.
struct Pass {
  Packed tokens;
  Packed queries;
  std::vector<std::int64_t> ids;           // of tokens
  std::vector<std::int64_t> query_tokens;  // each query's index among the tokens
  std::vector<std::int64_t> targets;       // of queries: the id to predict; empty when only logits are wanted
  std::vector<std::size_t> sources;        // of rows, without the shared one: which of the given texts it was

  [[nodiscard]] bool every_token_asks() const { return queries.size() == tokens.size(); }
};

/// One text of one gang member. A label may be asked for at every position but the first; what lies behind the last
/// label is never read, and a text without labels takes no part.
struct Row {
  std::size_t member = 0;
  const Sequence* sequence = nullptr;
};

/// Cuts `rows`, which are in order of member, into passes of at most `token_budget` tokens, or one row.
[[nodiscard]] std::vector<Pass> pack_labelled(std::span<const Row> rows, std::int64_t token_budget);

/// Whether the beginning that neighbours have in common (the examples of a few-shot prompt) is read once a pass; such
/// passes only go forward.
enum class Beginnings : bool { repeated, shared };

/// The same for one member's texts that only go forward.
[[nodiscard]] std::vector<Pass> pack_scored(std::span<const Sequence> texts, std::int64_t token_budget,
                                            Beginnings beginnings = Beginnings::shared);

/// The same when what follows the last token is wanted of each. No text is empty.
[[nodiscard]] std::vector<Pass> pack_last(std::span<const std::vector<std::int64_t>> texts, std::int64_t token_budget,
                                          Beginnings beginnings = Beginnings::shared);

}  // namespace edgefuse::llm::engine
