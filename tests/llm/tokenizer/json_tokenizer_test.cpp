#include <gtest/gtest.h>

#include <thread>

#include "tests/llm/tokenizer/tokenizer_file.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

TEST(JsonTokenizer, MergesByRank) {
  EXPECT_EQ(plain_ids(small_tokenizer(), "abcab"), (Ids{5, 4}));
  EXPECT_EQ(plain_ids(small_tokenizer(), "aabbcc"), (Ids{0, 4, 1, 2, 2}));
}

TEST(JsonTokenizer, ReadsMergesWrittenAsPairs) {
  auto file = small_tokenizer();
  file["model"]["merges"] = json::parse(R"([["a", "b"], ["ab", "c"], ["▁", "a"]])");
  EXPECT_EQ(plain_ids(file, "abcab"), (Ids{5, 4}));
}

TEST(JsonTokenizer, ReadsFilesThatDoNotNameTheirModel) {
  auto file = small_tokenizer();
  file["model"].erase("type");
  EXPECT_EQ(plain_ids(file, "abc"), Ids{5});
}

TEST(JsonTokenizer, KeepsWholeWordsWhenMergesAreIgnored) {
  auto file = small_tokenizer();
  file["model"]["merges"] = json::array();
  EXPECT_EQ(plain_ids(file, "abc"), (Ids{0, 1, 2}));
  file["model"]["ignore_merges"] = true;
  EXPECT_EQ(plain_ids(file, "abc"), Ids{5});
}

TEST(JsonTokenizer, LeavesOutCharactersNobodyKnows) {
  EXPECT_EQ(plain_ids(small_tokenizer(), "axb"), Ids{4});
}

TEST(JsonTokenizer, FusesUnknownCharactersOnlyWhenAsked) {
  auto file = small_tokenizer();
  file["model"]["vocab"]["?"] = 7;
  file["model"]["unk_token"] = "?";
  EXPECT_EQ(plain_ids(file, "xyaz"), (Ids{7, 7, 0, 7}));
  file["model"]["fuse_unk"] = true;
  EXPECT_EQ(plain_ids(file, "xyaz"), (Ids{7, 0, 7}));
}

TEST(JsonTokenizer, FallsBackToBytesWhenAllOfACharacterAreThere) {
  auto file = small_tokenizer();
  file["model"]["vocab"]["<0xC3>"] = 7;
  file["model"]["vocab"]["<0xA9>"] = 8;
  file["model"]["vocab"]["?"] = 9;
  file["model"]["unk_token"] = "?";
  file["model"]["byte_fallback"] = true;
  EXPECT_EQ(plain_ids(file, "aé"), (Ids{0, 7, 8})) << "é is C3 A9";
  EXPECT_EQ(plain_ids(file, "è"), Ids{9}) << "è is C3 A8, and A8 has no token";
}

TEST(JsonTokenizer, FindsTheLongestAddedToken) {
  auto file = small_tokenizer();
  file["added_tokens"] = {added_token(7, "<s>"), added_token(8, "<s><s>")};
  EXPECT_EQ(plain_ids(file, "a<s><s><s>b"), (Ids{0, 8, 7, 1}));
  EXPECT_EQ(load(file)->token_id("<s><s>"), 8);
  EXPECT_EQ(load(file)->vocabulary(), 9);
}

TEST(JsonTokenizer, LetsAnAddedTokenTakeTheSpaceBesideIt) {
  auto file = small_tokenizer();
  file["added_tokens"] = {added_token(7, "<m>"), added_token(8, " ")};
  EXPECT_EQ(plain_ids(file, "a <m> b"), (Ids{0, 8, 7, 8, 1}));
  file["added_tokens"][0]["lstrip"] = true;
  file["added_tokens"][1]["content"] = "_";
  EXPECT_EQ(plain_ids(file, "a \t<m>_b"), (Ids{0, 7, 8, 1}));
  file["added_tokens"][0]["rstrip"] = true;
  EXPECT_EQ(plain_ids(file, "a <m> \n_b"), (Ids{0, 7, 8, 1}));
}

TEST(JsonTokenizer, FindsASingleWordOnlyBetweenWords) {
  auto file = small_tokenizer();
  file["added_tokens"] = {added_token(7, "cab")};
  file["added_tokens"][0]["single_word"] = true;
  EXPECT_EQ(plain_ids(file, "cab"), Ids{7});
  EXPECT_EQ(plain_ids(file, "a cab, b"), (Ids{0, 7, 1}));
  EXPECT_EQ(plain_ids(file, "acab"), (Ids{0, 2, 4}));
  EXPECT_EQ(plain_ids(file, "cabéb"), (Ids{2, 4, 1})) << "é is a letter";
}

TEST(JsonTokenizer, FindsANormalizedTokenInTheNormalizedText) {
  auto file = small_tokenizer();
  file["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", "x"}}}, {"content", "c"}};
  file["added_tokens"] = {added_token(7, "bx")};
  EXPECT_EQ(plain_ids(file, "bc"), (Ids{1, 2})) << "a raw token is found as it is written only";
  EXPECT_EQ(plain_ids(file, "bx"), Ids{7});
  file["added_tokens"][0]["normalized"] = true;
  EXPECT_EQ(plain_ids(file, "bc"), Ids{7});
  EXPECT_EQ(plain_ids(file, "bx"), Ids{7});
}

TEST(JsonTokenizer, NormalizesInOrder) {
  auto file = small_tokenizer();
  file["normalizer"] = {{"type", "Sequence"},
                        {"normalizers",
                         {{{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}},
                          {{"type", "Prepend"}, {"prepend", " "}},
                          {{"type", "Replace"}, {"pattern", {{"Regex", " +"}}}, {"content", "▁"}}}}};
  EXPECT_EQ(plain_ids(file, "a   a  "), (Ids{6, 6}));
  EXPECT_EQ(plain_ids(file, ""), Ids{});
}

TEST(JsonTokenizer, ComposesAccents) {
  auto file = small_tokenizer();
  file["model"]["vocab"]["\u00e9"] = 7;
  EXPECT_EQ(plain_ids(file, "e\u0301"), Ids{});
  file["normalizer"] = {{"type", "NFC"}};
  EXPECT_EQ(plain_ids(file, "e\u0301"), Ids{7});
}

TEST(JsonTokenizer, CutsDigitsOneByOneOrTogether) {
  auto file = small_tokenizer();
  file["model"]["vocab"] = {{"1", 0}, {"2", 1}, {"12", 2}, {"a", 3}, {"a1", 4}};
  file["model"]["merges"] = {"a 1", "1 2"};
  EXPECT_EQ(plain_ids(file, "a12"), (Ids{4, 1}));
  file["pre_tokenizer"] = {{"type", "Digits"}, {"individual_digits", false}};
  EXPECT_EQ(plain_ids(file, "a12"), (Ids{3, 2}));
  file["pre_tokenizer"]["individual_digits"] = true;
  EXPECT_EQ(plain_ids(file, "a12"), (Ids{3, 0, 1}));
}

TEST(JsonTokenizer, PutsMetaspaceBeforeWordsAsItsSchemeSays) {
  auto file = small_tokenizer();
  file["added_tokens"] = {added_token(7, "<s>")};
  file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "always"}, {"split", true}};
  EXPECT_EQ(plain_ids(file, "a a<s>a"), (Ids{6, 6, 7, 6}));
  file["pre_tokenizer"]["prepend_scheme"] = "first";
  EXPECT_EQ(plain_ids(file, "a a<s>a"), (Ids{6, 6, 7, 0}));
  file["pre_tokenizer"]["prepend_scheme"] = "never";
  EXPECT_EQ(plain_ids(file, "a a<s>a"), (Ids{0, 6, 7, 0}));
  file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"add_prefix_space", false}};
  EXPECT_EQ(plain_ids(file, "a a"), (Ids{0, 6})) << "files of before 2023 say it so";
}

TEST(JsonTokenizer, PutsASpaceBeforeByteLevelWordsWhenAsked) {
  auto file = small_tokenizer();
  file["model"]["vocab"] = {{"Ġ", 0}, {"a", 1}, {"Ġa", 2}};
  file["model"]["merges"] = {"Ġ a"};
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}};
  EXPECT_EQ(plain_ids(file, "a"), Ids{2});
  EXPECT_EQ(plain_ids(file, " a"), Ids{2});
  file["pre_tokenizer"]["add_prefix_space"] = false;
  EXPECT_EQ(plain_ids(file, "a"), Ids{1});
}

TEST(JsonTokenizer, PutsTemplatesAroundEachOther) {
  auto file = small_tokenizer();
  const auto around = [](std::int64_t id) {
    return json{{"type", "TemplateProcessing"},
                {"single",
                 {{{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}},
                  {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
                  {{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}}}},
                {"pair", json::array()},
                {"special_tokens", {{"x", {{"id", "x"}, {"ids", {id}}, {"tokens", {"x"}}}}}}};
  };
  file["post_processor"] = {{"type", "Sequence"}, {"processors", {around(1), around(2)}}};
  const auto tokenizer = load(file);
  EXPECT_EQ(tokenizer->encode("a", Special::add), (Ids{2, 1, 0, 1, 2}));
  EXPECT_EQ(tokenizer->encode("a", Special::leave_out), Ids{0});
  EXPECT_EQ(tokenizer->special_template().before, (Ids{2, 1}));
  EXPECT_EQ(tokenizer->special_template().after, (Ids{1, 2}));
}

TEST(JsonTokenizer, JoinsTokensBySpacesWithoutADecoder) {
  EXPECT_EQ(load(small_tokenizer())->decode({0, 5, 1}), "a abc b");
}

TEST(JsonTokenizer, GivesNoTextForIdsItDoesNotHave) {
  auto file = small_tokenizer();
  file["decoder"] = {{"type", "Fuse"}};
  EXPECT_EQ(load(file)->decode({0, -1, 7, 1'000'000'000'000, 1}), "ab");
}

TEST(JsonTokenizer, DecodesStepByStep) {
  auto file = small_tokenizer();
  file["model"]["vocab"]["<0xC3>"] = 7;
  file["model"]["vocab"]["<0xA9>"] = 8;
  file["decoder"] = {{"type", "Sequence"},
                     {"decoders",
                      {{{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}},
                       {{"type", "ByteFallback"}},
                       {{"type", "Fuse"}},
                       {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}};
  const auto tokenizer = load(file);
  EXPECT_EQ(tokenizer->decode({6, 7, 8, 6}), "aé a");
  EXPECT_EQ(tokenizer->decode({0, 7, 6}), "a\uFFFD a") << "half a character";
  EXPECT_EQ(tokenizer->decode({8, 7}), "\uFFFD\uFFFD") << "one for each byte";
}

TEST(JsonTokenizer, DecodesMetaspace) {
  auto file = small_tokenizer();
  file["decoder"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "always"}};
  EXPECT_EQ(load(file)->decode({6, 6, 0}), "a aa");
  file["decoder"]["prepend_scheme"] = "never";
  EXPECT_EQ(load(file)->decode({6, 6, 0}), " a aa");
}

TEST(JsonTokenizer, CountsIllFormedPartsAsReplacementCharacters) {
  auto file = small_tokenizer();
  file["model"]["vocab"]["\uFFFD"] = 7;
  EXPECT_EQ(plain_ids(file, "a\xFF\xE4\xB8z\x80"), (Ids{0, 7, 7, 7})) << "E4 B8 is one character cut short";
}

TEST(JsonTokenizer, ServesSeveralThreads) {
  const auto tokenizer = load(small_tokenizer());
  const auto expected = tokenizer->encode("abcabaabbcc", Special::leave_out);
  std::vector<Ids> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : found)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i)
          ids = tokenizer->encode("abcabaabbcc", Special::leave_out);
      });
  }
  for (const auto& ids : found)
    EXPECT_EQ(ids, expected);
}

TEST(JsonTokenizer, TakesTheTokenizerJsonWhenBothFilesAreThere) {
  const auto folder = tokenizer_folder(small_tokenizer().dump());
  std::ofstream{folder / "tokenizer.model"} << "never read";
  EXPECT_EQ(load_tokenizer(folder)->vocabulary(), 7);
}

}  // namespace
}  // namespace edgefuse::llm
