#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace edgefuse::llm::tokenizing {

using TokenId = std::int32_t;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
/// Looked up, never iterated where the order could show.
using TokenIds = std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>>;

/// Two neighbours that become one token; a rule's place in the list is its rank, the lowest rank merges first.
struct MergeRule {
  TokenId left;
  TokenId right;
  TokenId merged;
};

/// Byte-pair encoding (Sennrich et al., 1508.07909) of one word at a time, as Hugging Face `tokenizers` does it: a
/// word of n characters takes O(n log n). Immutable, so threads may share it; each brings its own Workspace.
class Bpe {
 public:
  struct Options {
    bool byte_fallback = false;  // a character nobody knows becomes its bytes, "<0xE4>" and so on
    bool fuse_unknown = false;   // neighbouring unknown characters become one unknown token
    bool ignore_merges = false;  // a word that is a token is not taken apart
    std::optional<TokenId> unknown;
  };

  /// Reusable memory of one caller.
  class Workspace {
    friend class Bpe;
    struct Symbol {
      TokenId id;
      std::int32_t previous;
      std::int32_t next;
    };
    struct Candidate {
      std::int32_t rank;
      std::int32_t at;
      TokenId merged;
    };
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  Bpe(TokenIds vocabulary, const std::vector<MergeRule>& merges, Options options);

  /// Appends the tokens of `word` to `ids`. A character that is unknown is left out when the vocabulary has neither
  /// its bytes nor an unknown token.
  void encode(std::string_view word, Workspace& workspace, std::vector<std::int64_t>& ids) const;

  [[nodiscard]] const TokenIds& vocabulary() const { return vocabulary_; }

 private:
  struct Outcome {
    std::int32_t rank;
    TokenId merged;
  };
  struct PairHash {
    std::size_t operator()(std::uint64_t pair) const { return (pair ^ (pair >> 29)) * 0x9E3779B97F4A7C15ULL >> 7; }
  };

  void take_apart(std::string_view word, std::vector<Workspace::Symbol>& symbols) const;
  void merge(Workspace& workspace) const;
  void propose(Workspace& workspace, std::int32_t left) const;
  [[nodiscard]] const Outcome* outcome(TokenId left, TokenId right) const;

  TokenIds vocabulary_;
  std::unordered_map<std::uint64_t, Outcome, PairHash> merges_;
  std::unordered_map<char32_t, TokenId> characters_;
  std::array<std::optional<TokenId>, 256> bytes_;  // the tokens "<0x00>" to "<0xFF>"
  Options options_;
};

}  // namespace edgefuse::llm::tokenizing
