#include "llm/engine/pass.hpp"

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

  /// Opens a row that will have `length` tokens.
  Pass& open(std::int64_t length) {
    if (passes_.empty() || passes_.back().tokens.size() + length > token_budget_) passes_.emplace_back();
    Pass& pass = passes_.back();
    token_begin_ = pass.tokens.size();
    query_begin_ = pass.queries.size();
    return pass;
  }
  void ask(Pass& pass, std::int64_t position) const {
    pass.queries.positions.push_back(position);
    pass.query_tokens.push_back(token_begin_ + position);
  }
  void close(Pass& pass, std::size_t member, std::size_t source) const {
    close_row(pass.tokens, token_begin_, member);
    close_row(pass.queries, query_begin_, member);
    pass.sources.push_back(source);
  }
  [[nodiscard]] std::vector<Pass> take() { return std::move(passes_); }

 private:
  std::int64_t token_budget_;
  std::vector<Pass> passes_;
  std::int64_t token_begin_ = 0;
  std::int64_t query_begin_ = 0;
};

void read_token(Pass& pass, std::int64_t id, std::int64_t position) {
  pass.ids.push_back(id);
  pass.tokens.positions.push_back(position);
}

/// How many tokens must be read to predict the last label: the label's own position.
std::int64_t tokens_to_read(const Sequence& sequence) {
  std::int64_t last = static_cast<std::int64_t>(sequence.labels.size()) - 1;
  while (last > 0 && sequence.labels[static_cast<std::size_t>(last)] == no_label)
    --last;
  return last;
}

}  // namespace

std::vector<Pass> pack_labelled(std::span<const Row> rows, std::int64_t token_budget) {
  Packer packer{token_budget};
  for (std::size_t source = 0; source < rows.size(); ++source) {
    const auto& [member, sequence] = rows[source];
    EDGEFUSE_EXPECTS(source == 0 || rows[source - 1].member <= member, "rows come in order of member");
    EDGEFUSE_EXPECTS(sequence->ids.size() == sequence->labels.size(), "every position has a label or no_label");
    const std::int64_t length = tokens_to_read(*sequence);
    if (length <= 0) continue;
    Pass& pass = packer.open(length);
    for (std::int64_t position = 0; position < length; ++position) {
      read_token(pass, sequence->ids[static_cast<std::size_t>(position)], position);
      const std::int64_t label = sequence->labels[static_cast<std::size_t>(position) + 1];
      if (label == no_label) continue;
      packer.ask(pass, position);
      pass.targets.push_back(label);
    }
    packer.close(pass, member, source);
  }
  return packer.take();
}

std::vector<Pass> pack_last(std::span<const std::vector<std::int64_t>> texts, std::int64_t token_budget) {
  Packer packer{token_budget};
  for (std::size_t source = 0; source < texts.size(); ++source) {
    const auto& text = texts[source];
    EDGEFUSE_EXPECTS(!text.empty(), "nothing follows an empty text");
    const auto length = static_cast<std::int64_t>(text.size());
    Pass& pass = packer.open(length);
    for (std::int64_t position = 0; position < length; ++position)
      read_token(pass, text[static_cast<std::size_t>(position)], position);
    packer.ask(pass, length - 1);
    packer.close(pass, 0, source);
  }
  return packer.take();
}

}  // namespace edgefuse::llm::engine
