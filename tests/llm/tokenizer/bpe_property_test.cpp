#include "llm/tokenizer/bpe.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace edgefuse::llm::tokenizing {
namespace {

using Ids = std::vector<std::int64_t>;

/// Merges of random pairs over the alphabet a..e; a token is its spelling, so two pairs may give the same one.
struct Language {
  TokenIds ids;
  std::vector<MergeRule> merges;
};

Language random_language(std::mt19937& random) {
  Language language;
  std::vector<std::string> tokens{"a", "b", "c", "d", "e"};
  for (TokenId id = 0; id < 5; ++id)
    language.ids[tokens[static_cast<std::size_t>(id)]] = id;
  std::map<std::pair<TokenId, TokenId>, bool> used;
  for (int rank = 0; rank < 40; ++rank) {
    const auto left = static_cast<TokenId>(random() % tokens.size());
    const auto right = static_cast<TokenId>(random() % tokens.size());
    const auto whole = tokens[static_cast<std::size_t>(left)] + tokens[static_cast<std::size_t>(right)];
    if (whole.size() > 6 || !used.emplace(std::pair{left, right}, true).second) continue;
    const auto [token, fresh] = language.ids.try_emplace(whole, static_cast<TokenId>(tokens.size()));
    if (fresh) tokens.push_back(whole);
    language.merges.push_back({left, right, token->second});
  }
  return language;
}

/// The definition: merge the pair of the lowest rank, the leftmost of several, until none is left.
Ids by_definition(const Language& language, const std::string& word) {
  Ids ids;
  for (const char c : word)
    ids.push_back(language.ids.at(std::string(1, c)));
  for (std::size_t rank = 0; rank < language.merges.size();) {
    const auto& rule = language.merges[rank];
    std::size_t at = 0;
    while (at + 1 < ids.size() && !(ids[at] == rule.left && ids[at + 1] == rule.right))
      ++at;
    if (at + 1 >= ids.size()) {
      ++rank;
      continue;
    }
    ids[at] = rule.merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    rank = 0;
  }
  return ids;
}

TEST(Bpe, MergesAsItsDefinitionSays) {
  std::mt19937 random{20};
  int merged = 0;
  for (int trial = 0; trial < 300; ++trial) {
    // Where two rules give one token, `tokenizers` may follow the earlier rank of the other: only unique ones here.
    auto language = random_language(random);
    std::map<TokenId, int> makers;
    for (const auto& rule : language.merges)
      ++makers[rule.merged];
    std::erase_if(language.merges, [&](const auto& rule) { return makers[rule.merged] > 1; });
    const Bpe bpe{language.ids, language.merges, {}};
    Bpe::Workspace workspace;
    for (int i = 0; i < 20; ++i) {
      std::string word;
      for (auto length = 1 + random() % 30; length > 0; --length)
        word += static_cast<char>('a' + random() % 5);
      Ids ids;
      bpe.encode(word, workspace, ids);
      ASSERT_EQ(ids, by_definition(language, word)) << word;
      if (ids.size() < word.size()) ++merged;
    }
  }
  EXPECT_GT(merged, 3000) << "the test must see merges to mean anything";
}

TEST(Bpe, EncodesAWordOfHundredsOfThousandsOfCharacters) {
  std::mt19937 random{7};
  const auto language = random_language(random);
  const Bpe bpe{language.ids, language.merges, {}};
  Bpe::Workspace workspace;
  std::string word;
  while (word.size() < 400'000)
    word += static_cast<char>('a' + random() % 5);
  Ids ids;
  const auto begin = std::chrono::steady_clock::now();
  bpe.encode(word, workspace, ids);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(ids.size(), word.size());
  EXPECT_LT(taken.count(), 10) << "a quadratic merge would take hours";
}

}  // namespace
}  // namespace edgefuse::llm::tokenizing
