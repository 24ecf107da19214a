#include "llm/engine/pass.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

void close_row(Packed& packed, std::int64_t begin, std::size_t member) {
  const std::int64_t end = packed.size();
  packed.rows.push_back({begin, end});
  if (packed.members.empty() || packed.members.back().member != member)
    packed.members.push_back({member, {begin, end}});
  else
    packed.members.back().span.end = end;
}

/// Collects rows into passes that stay below a number of tokens.
class Packer {
 public:
  explicit Packer(std::int64_t token_budget) : token_budget_{token_budget} {}

  /// Opens a row of `member` that will have `length` tokens.
  Pass& open(std::size_t member, std::int64_t length) {
    if (member != member_) read_ = 0;
    member_ = member;
    if (passes_.empty() || passes_.back().tokens.size() + length > token_budget_) passes_.emplace_back();
    Pass& pass = passes_.back();
    token_begin_ = pass.tokens.size();
    query_begin_ = pass.queries.size();
    return pass;
  }
  void read(Pass& pass, std::int64_t id, std::int64_t position) {
    pass.ids.push_back(id);
    pass.tokens.positions.push_back(position);
    pass.tokens.numbers.push_back(read_++);
  }
  /// Asks at a position of the open row that has been read.
  void ask(Pass& pass, std::int64_t position) const {
    const std::int64_t first = pass.tokens.positions[static_cast<std::size_t>(token_begin_)];
    const std::int64_t token = token_begin_ + position - first;
    pass.queries.positions.push_back(position);
    pass.queries.numbers.push_back(pass.tokens.numbers[static_cast<std::size_t>(token)]);
    pass.query_tokens.push_back(token);
  }
  /// Begins a pass with what all its rows have in common.
  void share(std::span<const std::int64_t> ids) {
    Pass& pass = open(0, static_cast<std::int64_t>(ids.size()));
    for (const std::int64_t id : ids)
      read(pass, id, pass.tokens.size());
    close(pass, 0);
    pass.sources.clear();
    pass.tokens.prefix = pass.queries.prefix = static_cast<std::int64_t>(ids.size());
  }
  void close(Pass& pass, std::size_t source) {
    close_row(pass.tokens, token_begin_, member_);
    close_row(pass.queries, query_begin_, member_);
    pass.sources.push_back(source);
  }
  [[nodiscard]] std::vector<Pass> take() { return std::move(passes_); }

 private:
  std::int64_t token_budget_;
  std::vector<Pass> passes_;
  std::int64_t token_begin_ = 0;
  std::int64_t query_begin_ = 0;
  std::size_t member_ = 0;
  std::int64_t read_ = 0;  // of this member's tokens
};

/// How many tokens must be read to predict the last label: the label's own position.
std::int64_t tokens_to_read(const Sequence& sequence) {
  EDGEFUSE_EXPECTS(sequence.ids.size() == sequence.labels.size(), "every position has a label or no_label");
  std::int64_t last = static_cast<std::int64_t>(sequence.labels.size()) - 1;
  while (last > 0 && sequence.labels[static_cast<std::size_t>(last)] == no_label)
    --last;
  return last;
}

/// The tokens of a text that only goes forward; nothing is asked before position `first_ask`.
struct Reading {
  std::size_t source = 0;
  std::span<const std::int64_t> ids;
  std::int64_t first_ask = 0;

  [[nodiscard]] std::int64_t length() const { return static_cast<std::int64_t>(ids.size()); }
};

/// Consecutive texts for one pass, and how many first tokens they have in common, before anything is asked.
struct Alike {
  std::size_t first = 0;
  std::size_t end = 0;
  std::int64_t shared = 0;
  std::int64_t tokens = 0;  // of all texts, what is shared counted every time

  /// A short beginning is cheaper to read again than to attend to apart.
  [[nodiscard]] std::int64_t worth_sharing() const {
    constexpr std::int64_t least = 16;
    return end - first > 1 && shared >= least ? shared : 0;
  }
  [[nodiscard]] std::int64_t tokens_to_read() const {
    return tokens - static_cast<std::int64_t>(end - first - 1) * worth_sharing();
  }
};

std::int64_t common_length(const Reading& a, const Reading& b) {
  const std::int64_t most = std::min(a.first_ask, b.first_ask);
  return std::mismatch(a.ids.begin(), a.ids.begin() + most, b.ids.begin()).first - a.ids.begin();
}

/// Neighbours join as long as they fit, and as long as they do not halve what the group before them shares.
std::vector<Alike> alike(std::span<const Reading> texts, std::int64_t token_budget, Beginnings beginnings) {
  std::vector<Alike> groups;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!groups.empty()) {
      Alike joined = groups.back();
      joined.shared = beginnings == Beginnings::repeated
                          ? 0
                          : std::min(joined.shared, common_length(texts[joined.first], texts[i]));
      joined.end = i + 1;
      joined.tokens += texts[i].length();
      const bool halves = 2 * joined.shared < groups.back().worth_sharing();
      if (!halves && joined.tokens_to_read() <= token_budget) {
        groups.back() = joined;
        continue;
      }
    }
    groups.push_back({i, i + 1, texts[i].first_ask, texts[i].length()});
  }
  return groups;
}

/// One pass for each group of texts; `ask(packer, pass, text)` asks at positions of the open row.
template <class Ask>
std::vector<Pass> pack_readings(std::span<const Reading> texts, std::int64_t token_budget, Beginnings beginnings,
                                const Ask& ask) {
  std::vector<Pass> passes;
  for (const Alike& group : alike(texts, token_budget, beginnings)) {
    Packer packer{std::numeric_limits<std::int64_t>::max()};
    const std::int64_t shared = group.worth_sharing();
    if (shared > 0) packer.share(texts[group.first].ids.first(static_cast<std::size_t>(shared)));
    for (const Reading& text : texts.subspan(group.first, group.end - group.first)) {
      Pass& pass = packer.open(0, text.length() - shared);
      for (std::int64_t position = shared; position < text.length(); ++position)
        packer.read(pass, text.ids[static_cast<std::size_t>(position)], position);
      ask(packer, pass, text);
      packer.close(pass, text.source);
    }
    passes.push_back(std::move(packer.take().front()));
  }
  return passes;
}

/// Asks for the labels of the positions from `first_ask` on.
void ask_for_labels(const Packer& packer, Pass& pass, const Sequence& sequence, std::int64_t first_ask,
                    std::int64_t length) {
  for (std::int64_t position = first_ask; position < length; ++position) {
    const std::int64_t label = sequence.labels[static_cast<std::size_t>(position) + 1];
    if (label == no_label) continue;
    packer.ask(pass, position);
    pass.targets.push_back(label);
  }
}

}  // namespace

std::vector<Pass> pack_labelled(std::span<const Row> rows, std::int64_t token_budget) {
  Packer packer{token_budget};
  for (std::size_t source = 0; source < rows.size(); ++source) {
    const auto& [member, sequence] = rows[source];
    EDGEFUSE_EXPECTS(source == 0 || rows[source - 1].member <= member, "rows come in order of member");
    const std::int64_t length = tokens_to_read(*sequence);
    if (length <= 0) continue;
    Pass& pass = packer.open(member, length);
    for (std::int64_t position = 0; position < length; ++position)
      packer.read(pass, sequence->ids[static_cast<std::size_t>(position)], position);
    ask_for_labels(packer, pass, *sequence, 0, length);
    packer.close(pass, source);
  }
  return packer.take();
}

std::vector<Pass> pack_scored(std::span<const Sequence> texts, std::int64_t token_budget, Beginnings beginnings) {
  std::vector<Reading> readings;
  for (std::size_t source = 0; source < texts.size(); ++source) {
    const auto& [ids, labels] = texts[source];
    const std::int64_t length = tokens_to_read(texts[source]);
    if (length <= 0) continue;
    const auto first = std::ranges::find_if(labels.begin() + 1, labels.end(), [](auto l) { return l != no_label; });
    readings.push_back({source, {ids.data(), static_cast<std::size_t>(length)}, first - labels.begin() - 1});
  }
  return pack_readings(readings, token_budget, beginnings, [&](const Packer& packer, Pass& pass, const Reading& text) {
    ask_for_labels(packer, pass, texts[text.source], text.first_ask, text.length());
  });
}

std::vector<Pass> pack_last(std::span<const std::vector<std::int64_t>> texts, std::int64_t token_budget,
                            Beginnings beginnings) {
  std::vector<Reading> readings;
  for (std::size_t source = 0; source < texts.size(); ++source) {
    EDGEFUSE_EXPECTS(!texts[source].empty(), "nothing follows an empty text");
    readings.push_back({source, texts[source], static_cast<std::int64_t>(texts[source].size()) - 1});
  }
  return pack_readings(readings, token_budget, beginnings,
                       [](const Packer& packer, Pass& pass, const Reading& text) { packer.ask(pass, text.first_ask); });
}

}  // namespace edgefuse::llm::engine
