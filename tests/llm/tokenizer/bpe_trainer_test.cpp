#include "llm/tokenizer/bpe_trainer.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "llm/tokenizer.hpp"
#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using Texts = std::vector<std::string>;
using Special = Tokenizer::Special;

std::unique_ptr<Tokenizer> load(const std::string& json) {
  const auto folder = testing::scratch_folder();
  std::ofstream{folder / "tokenizer.json"} << json;
  return load_tokenizer(folder);
}

Texts merges_of(const std::string& json) {
  return nlohmann::json::parse(json).at("model").at("merges").get<Texts>();
}

TEST(BpeTrainer, MergesTheMostFrequentPairFirst) {
  // "low" 5, "lower" 2, "newest" 6, "widest" 3: the example of Sennrich et al. (1508.07909), words on lines of their
  // own so that none begins with a space.
  Texts words;
  for (const auto& [word, count] : {std::pair{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}})
    for (int i = 0; i < count; ++i)
      words.emplace_back(word);
  // e-s and s-t and (after lo) are tied with 9 each: the smaller ids, those of 'e' and 's', win.
  EXPECT_EQ(merges_of(train_bpe(words, 256 + 4, {})), (Texts{"e s", "es t", "l o", "lo w"}));
}

TEST(BpeTrainer, BreaksTiesByTheSmallestIds) {
  EXPECT_EQ(merges_of(train_bpe(Texts{"zy", "zy", "ba", "ba", "ac", "ac"}, 256 + 3, {})), (Texts{"a c", "b a", "z y"}));
}

TEST(BpeTrainer, MergesRunsOfOneLetter) {
  EXPECT_EQ(merges_of(train_bpe(Texts{"aaaaa", "aaaaa"}, 256 + 3, {})), (Texts{"a a", "aa a", "aa aaa"}));
}

TEST(BpeTrainer, NumbersSpecialTokensFirstThenBytesThenMerges) {
  const Texts special{"<eos>", "<pad>"};
  const auto tokenizer = load(train_bpe(Texts{"abab", "abab"}, 2 + 256 + 2, special));
  EXPECT_EQ(tokenizer->vocabulary(), 260);
  EXPECT_EQ(tokenizer->token_id("<eos>"), 0);
  EXPECT_EQ(tokenizer->token_id("<pad>"), 1);
  EXPECT_EQ(tokenizer->token_id("!"), 2) << "the smallest letter of the byte alphabet";
  EXPECT_EQ(tokenizer->token_id("ab"), 258);
  EXPECT_EQ(tokenizer->token_id("abab"), 259);
}

TEST(BpeTrainer, LearnsNothingFromSpecialTokensInTheTexts) {
  const auto json = train_bpe(Texts{"<eos>xy<eos>", "<eos>xy<eos>"}, 300, Texts{"<eos>"});
  EXPECT_EQ(merges_of(json), Texts{"x y"});
}

TEST(BpeTrainer, StopsWhenNoPairOccursTwice) {
  const auto tokenizer = load(train_bpe(Texts{"abcdefg"}, 1000, {}));
  EXPECT_EQ(tokenizer->vocabulary(), 256);
}

TEST(BpeTrainer, CarriesEveryTextThereAndBack) {
  const Texts texts{"The quick brown fox.\n", "\tgrüße, 世界 \xF0\x9F\x8C\x8D  !", "\x01 \x7F control"};
  const auto tokenizer = load(train_bpe(texts, 280, Texts{"<eos>"}));
  for (const auto& text : texts)
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, Special::leave_out)), text);
  const std::string strange = "entirely other text: żółć";
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(strange, Special::leave_out)), strange);
}

TEST(BpeTrainer, UsesTheMergesItLearnt) {
  Texts texts(10, "banana band banana");
  const auto tokenizer = load(train_bpe(texts, 256 + 20, {}));
  EXPECT_EQ(tokenizer->encode("banana", Special::leave_out).size(), 1U);
  EXPECT_EQ(tokenizer->encode(" banana", Special::leave_out).size(), 1U);
}

TEST(BpeTrainer, GivesTheSameFileForTheSameTexts) {
  const Texts texts{"one two three two three three", "three two one"};
  EXPECT_EQ(train_bpe(texts, 270, Texts{"<eos>"}), train_bpe(texts, 270, Texts{"<eos>"}));
  const Texts reversed{texts.rbegin(), texts.rend()};
  EXPECT_EQ(train_bpe(texts, 270, {}), train_bpe(reversed, 270, {})) << "only counts matter, not the order of texts";
}

TEST(BpeTrainer, RefusesAVocabularyBelowTheBytesAndTwinSpecialTokens) {
  try {
    static_cast<void>(train_bpe(Texts{"a"}, 257, Texts{"<s>", "<s>"}));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    ASSERT_EQ(error.mistakes().size(), 2U) << error.what();
    EXPECT_EQ(error.mistakes()[0].problem, "\"<s>\" comes twice");
    EXPECT_EQ(error.mistakes()[1].key, "vocabulary");
  }
}

}  // namespace
}  // namespace edgefuse::llm
