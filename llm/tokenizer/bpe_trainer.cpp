#include "llm/tokenizer/bpe_trainer.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/tokenizer/added_tokens.hpp"
#include "llm/tokenizer/byte_alphabet.hpp"
#include "llm/tokenizer/pre_tokenizer.hpp"
#include "llm/tokenizer/utf8.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm {
namespace {

using tokenizing::TokenId;
using Pair = std::pair<TokenId, TokenId>;

/// A distinct word of the texts as the tokens it consists of so far.
struct Word {
  std::vector<TokenId> tokens;
  std::int64_t count = 0;
};

void check(std::size_t vocabulary, std::span<const std::string> special_tokens) {
  std::vector<Mistake> mistakes;
  std::set<std::string_view> seen;
  for (const auto& token : special_tokens) {
    if (token.empty()) mistakes.push_back({.key = "special tokens", .problem = "empty token"});
    if (!seen.insert(token).second)
      mistakes.push_back({.key = "special tokens", .problem = fmt::format("\"{}\" comes twice", token)});
  }
  const auto least = special_tokens.size() + 256;
  if (vocabulary < least)
    mistakes.push_back(
        {.key = "vocabulary",
         .problem = fmt::format("{} tokens are too few for a byte-level tokenizer", vocabulary),
         .remedy = fmt::format("ask for at least {}: 256 bytes and {} special tokens", least, special_tokens.size())});
  if (!mistakes.empty()) throw InputError{mistakes};
}

tokenizing::TokenFinder finder(std::span<const std::string> special_tokens) {
  std::vector<tokenizing::AddedToken> tokens;
  for (const auto& content : special_tokens)
    tokens.push_back({.id = static_cast<TokenId>(tokens.size()), .content = content});
  return tokenizing::TokenFinder{std::move(tokens)};
}

/// How often each word occurs, words written in the byte alphabet.
std::map<std::string, std::int64_t> count_words(std::span<const std::string> texts,
                                                std::span<const std::string> special_tokens) {
  tokenizing::ByteLevel bytes{false, {}};
  bytes.words.emplace_back(tokenizing::Regex{tokenizing::gpt2_words()});
  std::vector<tokenizing::PreTokenizer::Step> steps;
  steps.emplace_back(std::move(bytes));
  const tokenizing::PreTokenizer words{std::move(steps)};
  const auto special = finder(special_tokens);
  std::map<std::string, std::int64_t> counts;
  for (const auto& raw : texts) {
    const auto text = tokenizing::repaired_utf8(raw);
    for (const auto& [token, extent] : special.split(text)) {
      if (token) continue;
      for (auto& piece : words({std::string{extent.of(text)}, false}))
        ++counts[std::move(piece.text)];
    }
  }
  return counts;
}

/// The vocabulary as it grows, and the merges that made it grow.
struct Learnt {
  std::vector<std::string> tokens;
  std::map<std::string, TokenId> ids;
  std::vector<Pair> merges;

  TokenId id_of(const std::string& token) {
    const auto [known, fresh] = ids.try_emplace(token, static_cast<TokenId>(tokens.size()));
    if (fresh) tokens.push_back(token);
    return known->second;
  }
};

Learnt first_tokens(std::span<const std::string> special_tokens) {
  Learnt learnt;
  for (const auto& token : special_tokens)
    static_cast<void>(learnt.id_of(token));
  std::set<char32_t> letters;
  for (int byte = 0; byte < 256; ++byte)
    letters.insert(tokenizing::byte_to_letter(static_cast<std::uint8_t>(byte)));
  for (const auto letter : letters) {
    std::string token;
    tokenizing::append_utf8(token, letter);
    static_cast<void>(learnt.id_of(token));
  }
  return learnt;
}

std::vector<Word> as_tokens(const std::map<std::string, std::int64_t>& counts, const Learnt& learnt) {
  std::vector<Word> words;
  for (const auto& [text, count] : counts) {
    Word word{{}, count};
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = at;
      static_cast<void>(tokenizing::next_code_point(text, at));
      word.tokens.push_back(learnt.ids.at(text.substr(begin, at - begin)));
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// Counts all pairs of neighbours and keeps the counts right while pairs merge. The queue may hold counts that have
/// fallen since; they are put right when they come to the top.
class PairCounts {
 public:
  explicit PairCounts(std::vector<Word> words) : words_{std::move(words)} {
    for (std::size_t word = 0; word < words_.size(); ++word)
      change(word, +1);
    publish();
  }

  /// The most frequent pair, or empty when none occurs twice.
  std::optional<Pair> take_best() {
    while (!queue_.empty()) {
      auto best = queue_.top();
      queue_.pop();
      const auto now = pairs_.at(best.pair).count;
      if (now == best.count) return now < 2 ? std::nullopt : std::optional{best.pair};
      queue_.push({now, best.pair});
    }
    return std::nullopt;
  }

  /// Makes `pair` one token everywhere.
  void merge(Pair pair, TokenId merged) {
    const auto where = std::move(pairs_.at(pair).words);
    for (const auto word : where) {
      change(word, -1);
      replace(words_[word].tokens, pair, merged);
      change(word, +1);
    }
    publish();
  }

 private:
  struct Pairing {
    std::int64_t count = 0;
    std::set<std::size_t> words;  // every word the pair has been seen in
  };
  struct Entry {
    std::int64_t count;
    Pair pair;
    bool operator<(const Entry& other) const { return count != other.count ? count < other.count : pair > other.pair; }
  };

  static void replace(std::vector<TokenId>& tokens, Pair pair, TokenId merged) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < tokens.size(); ++at, ++kept) {
      const bool here = at + 1 < tokens.size() && Pair{tokens[at], tokens[at + 1]} == pair;
      tokens[kept] = here ? merged : tokens[at];
      if (here) ++at;
    }
    tokens.resize(kept);
  }

  /// Adds or takes away what `word` contributes.
  void change(std::size_t word, std::int64_t sign) {
    const auto& [tokens, count] = words_[word];
    for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
      const Pair pair{tokens[at], tokens[at + 1]};
      auto& pairing = pairs_[pair];
      pairing.count += sign * count;
      if (sign > 0) {
        pairing.words.insert(word);
        risen_.insert(pair);
      }
    }
  }

  /// Puts the pairs whose counts may have risen into the queue.
  void publish() {
    for (const auto& pair : risen_)
      queue_.push({pairs_.at(pair).count, pair});
    risen_.clear();
  }

  std::vector<Word> words_;
  std::map<Pair, Pairing> pairs_;
  std::set<Pair> risen_;
  std::priority_queue<Entry> queue_;
};

void learn_merges(Learnt& learnt, std::vector<Word> words, std::size_t vocabulary) {
  PairCounts counts{std::move(words)};
  while (learnt.tokens.size() < vocabulary) {
    const auto best = counts.take_best();
    if (!best) return;
    const auto merged = learnt.id_of(learnt.tokens[static_cast<std::size_t>(best->first)] +
                                     learnt.tokens[static_cast<std::size_t>(best->second)]);
    learnt.merges.push_back(*best);
    counts.merge(*best, merged);
  }
}

nlohmann::json added_tokens(std::span<const std::string> special_tokens) {
  auto list = nlohmann::json::array();
  for (const auto& token : special_tokens)
    list.push_back({{"id", list.size()},
                    {"content", token},
                    {"single_word", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"normalized", false},
                    {"special", true}});
  return list;
}

nlohmann::json model(const Learnt& learnt) {
  auto merges = nlohmann::json::array();
  for (const auto& [left, right] : learnt.merges)
    merges.push_back(fmt::format("{} {}", learnt.tokens[static_cast<std::size_t>(left)],
                                 learnt.tokens[static_cast<std::size_t>(right)]));
  return {{"type", "BPE"},          {"dropout", nullptr},
          {"unk_token", nullptr},   {"continuing_subword_prefix", nullptr},
          {"fuse_unk", false},      {"end_of_word_suffix", nullptr},
          {"byte_fallback", false}, {"ignore_merges", false},
          {"vocab", learnt.ids},    {"merges", std::move(merges)}};
}

}  // namespace

std::string train_bpe(std::span<const std::string> texts, std::size_t vocabulary,
                      std::span<const std::string> special_tokens) {
  check(vocabulary, special_tokens);
  auto learnt = first_tokens(special_tokens);
  learn_merges(learnt, as_tokens(count_words(texts, special_tokens), learnt), vocabulary);
  const nlohmann::json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  const nlohmann::json file = {{"version", "1.0"},          {"truncation", nullptr},
                               {"padding", nullptr},        {"added_tokens", added_tokens(special_tokens)},
                               {"normalizer", nullptr},     {"pre_tokenizer", byte_level},
                               {"post_processor", nullptr}, {"decoder", byte_level},
                               {"model", model(learnt)}};
  return file.dump(1) + "\n";
}

}  // namespace edgefuse::llm
