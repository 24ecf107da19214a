#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/error.hpp"
#include "tests/llm/tokenizer/tokenizer_file.hpp"

// Every file here gives one precise message; what loads is in json_tokenizer_test.cpp.

namespace edgefuse::llm {
namespace {

using nlohmann::json;

/// The message without the file's path.
std::string refusal(const std::string& text) {
  const auto folder = tokenizer_folder(text);
  try {
    static_cast<void>(load_tokenizer(folder));
  } catch (const InputError& error) {
    std::string all;
    for (auto mistake : error.mistakes()) {
      EXPECT_EQ(mistake.file, (folder / "tokenizer.json").string());
      mistake.file.clear();
      all += (all.empty() ? "" : "\n") + mistake.text();
    }
    return all;
  }
  return "accepted";
}

struct BadFile {
  const char* name;
  std::function<void(json&)> change;
  const char* message;
};

void PrintTo(const BadFile& bad, std::ostream* out) {
  *out << bad.name;
}

class BadTokenizer : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadTokenizer, IsRefusedWithItsReason) {
  auto file = small_tokenizer();
  GetParam().change(file);
  EXPECT_EQ(refusal(file.dump()), GetParam().message);
}

const std::vector<BadFile> bad_files = {
    {"NoModel", [](json& file) { file.erase("model"); }, "model: missing"},
    {"OtherModel", [](json& file) { file["model"]["type"] = "Unigram"; },
     "model.type: tokenizer model \"Unigram\" is not supported (only BPE is)"},
    {"NoVocabulary", [](json& file) { file["model"].erase("vocab"); }, "model.vocab: missing"},
    {"NoMerges", [](json& file) { file["model"].erase("merges"); }, "model.merges: missing"},
    {"EmptyVocabulary", [](json& file) { file["model"]["vocab"] = json::object(); }, "model.vocab: empty vocabulary"},
    {"VocabularyAsAList", [](json& file) { file["model"]["vocab"] = json::array(); },
     "model.vocab: expected an object, found array"},
    {"FractionalId", [](json& file) { file["model"]["vocab"]["a"] = 0.5; },
     "model.vocab: the id of \"a\" is 0.5 (ids are integers from 0)"},
    {"NegativeId", [](json& file) { file["model"]["vocab"]["a"] = -1; },
     "model.vocab: the id of \"a\" is -1 (ids are integers from 0)"},
    {"TwinIds", [](json& file) { file["model"]["vocab"]["b"] = 0; },
     "model.vocab: id 0 is given twice: to \"a\" and to \"b\""},
    {"OneHole", [](json& file) { file["model"]["vocab"]["▁a"] = 7; },
     "model.vocab: the ids have holes: 6 belongs to no token "
     "(vocabulary and added tokens together must number their tokens from 0 without gaps)"},
    {"ManyHoles", [](json& file) { file["model"]["vocab"]["▁a"] = 10; },
     "model.vocab: the ids have holes: 6 belongs to no token, nor do 3 more "
     "(vocabulary and added tokens together must number their tokens from 0 without gaps)"},
    {"MergeOfAnUnknownToken", [](json& file) { file["model"]["merges"][1] = "ab d"; },
     "model.merges: merge 1 (\"ab\" + \"d\") needs the token \"d\", which the vocabulary lacks "
     "(vocabulary and merges must come from the same tokenizer)"},
    {"MergesToUnknownTokens",
     [](json& file) {
       file["model"]["merges"] = {"b a", "c a", "a b"};
     },
     "model.merges: merge 0 (\"b\" + \"a\") needs the token \"ba\", which the vocabulary lacks; so do 1 more merges "
     "(vocabulary and merges must come from the same tokenizer)"},
    {"MergeOfThree", [](json& file) { file["model"]["merges"][0] = "a b c"; },
     "model.merges: merge 0 is \"a b c\" (a merge is \"left right\" or [\"left\", \"right\"])"},
    {"MergeOfNumbers",
     [](json& file) {
       file["model"]["merges"][2] = {1, 2};
     },
     "model.merges: merge 2 is [1,2] (a merge is \"left right\" or [\"left\", \"right\"])"},
    {"Dropout", [](json& file) { file["model"]["dropout"] = 0.1; },
     "model.dropout: BPE dropout is not supported (set it to null: it would make ids random)"},
    {"WordSuffix", [](json& file) { file["model"]["end_of_word_suffix"] = "</w>"; },
     "model.end_of_word_suffix: \"</w>\": affixes of words are not supported"},
    {"UnknownTokenOutsideTheVocabulary", [](json& file) { file["model"]["unk_token"] = "<unk>"; },
     "model.unk_token: the vocabulary has no \"<unk>\""},
    {"FlagAsText", [](json& file) { file["model"]["byte_fallback"] = "yes"; },
     "model.byte_fallback: expected true or false, found \"yes\""},
    {"AddedTokenWithAnotherId", [](json& file) { file["added_tokens"] = {added_token(5, "ab")}; },
     "added_tokens: \"ab\" has id 5 here and 4 in model.vocab (a token has one id)"},
    {"AddedTokenOnATakenId", [](json& file) { file["added_tokens"] = {added_token(5, "<s>")}; },
     "added_tokens: id 5 is given twice: to \"abc\" and to \"<s>\" (an id has one token)"},
    {"EmptyAddedToken", [](json& file) { file["added_tokens"] = {added_token(7, "")}; },
     "added_tokens[0].content: empty token"},
    {"AddedTokenWithoutId",
     [](json& file) {
       file["added_tokens"] = {{{"content", "<s>"}}};
     },
     "added_tokens[0].id: missing"},
    {"OtherNormalizer",
     [](json& file) {
       file["normalizer"] = {{"type", "BertNormalizer"}};
     },
     "normalizer: normalizer \"BertNormalizer\" is not supported "
     "(supported: NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip, Sequence)"},
    {"NormalizerDeepInASequence",
     [](json& file) {
       file["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Nmt"}}}}};
     },
     "normalizer.normalizers[1]: normalizer \"Nmt\" is not supported "
     "(supported: NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip, Sequence)"},
    {"ReplaceWithoutPattern",
     [](json& file) {
       file["normalizer"] = {{"type", "Replace"}, {"content", "x"}};
     },
     "normalizer.pattern: missing"},
    {"EmptyPattern",
     [](json& file) {
       file["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", "x"}};
     },
     "normalizer.pattern.String: empty pattern"},
    {"BrokenExpression",
     [](json& file) {
       file["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "a[b"}}}, {"behavior", "Isolated"}};
     },
     "pre_tokenizer.pattern.Regex: not a valid regular expression (U_REGEX_MISSING_CLOSE_BRACKET at character 3)"},
    {"OtherBehavior",
     [](json& file) {
       file["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Halved"}};
     },
     "pre_tokenizer.behavior: unknown behavior \"Halved\""},
    {"OtherPreTokenizer",
     [](json& file) {
       file["pre_tokenizer"] = {{"type", "UnicodeScripts"}};
     },
     "pre_tokenizer: pre-tokenizer \"UnicodeScripts\" is not supported "
     "(supported: ByteLevel, Split, Digits, Metaspace, Sequence)"},
    {"TwoReplacementCharacters",
     [](json& file) {
       file["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "__"}};
     },
     "pre_tokenizer.replacement: expected one character, found \"__\""},
    {"OtherPrependScheme",
     [](json& file) {
       file["pre_tokenizer"] = {{"type", "Metaspace"}, {"prepend_scheme", "sometimes"}};
     },
     "pre_tokenizer.prepend_scheme: unknown prepend scheme \"sometimes\" (always, first and never are known)"},
    {"OtherDecoder",
     [](json& file) {
       file["decoder"] = {{"type", "WordPiece"}};
     },
     "decoder: decoder \"WordPiece\" is not supported "
     "(supported: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, Sequence)"},
    {"OtherPostProcessor",
     [](json& file) {
       file["post_processor"] = {{"type", "BertProcessing"}};
     },
     "post_processor: post-processor \"BertProcessing\" is not supported "
     "(supported: TemplateProcessing, ByteLevel, Sequence)"},
    {"TemplateWithoutText",
     [](json& file) {
       file["post_processor"] = {
           {"type", "TemplateProcessing"}, {"single", json::array()}, {"special_tokens", json::object()}};
     },
     "post_processor.single: the text must come exactly once"},
    {"TemplateOfAnUndeclaredToken",
     [](json& file) {
       file["post_processor"] = {{"type", "TemplateProcessing"},
                                 {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                                 {"special_tokens", json::object()}};
     },
     "post_processor.special_tokens.<s>: missing"},
    {"TemplateOfAnIdNobodyHas",
     [](json& file) {
       file["post_processor"] = {{"type", "TemplateProcessing"},
                                 {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                                 {"special_tokens", {{"<s>", {{"ids", {9}}}}}}};
     },
     "post_processor: the template's id 9 belongs to no token"},
    {"SectionAsText", [](json& file) { file["decoder"] = "ByteLevel"; }, "decoder: expected an object, found string"},
    {"SeveralMistakes",
     [](json& file) {
       file["model"]["dropout"] = 0.5;
       file["decoder"] = {{"type", "CTC"}};
     },
     "model.dropout: BPE dropout is not supported (set it to null: it would make ids random)\n"
     "decoder: decoder \"CTC\" is not supported "
     "(supported: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, Sequence)"},
};

INSTANTIATE_TEST_SUITE_P(Files, BadTokenizer, ::testing::ValuesIn(bad_files),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(TruncatedTokenizer, NamesTheLineWhereItEnds) {
  try {
    static_cast<void>(load_tokenizer(tokenizer_folder("{\n \"version\": \"1.0\",\n \"model\": {\"type\": \"BP")));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    ASSERT_EQ(error.mistakes().size(), 1U);
    EXPECT_EQ(error.mistakes()[0].line, 3);
    EXPECT_TRUE(error.mistakes()[0].problem.starts_with("not valid JSON: ")) << error.what();
    EXPECT_EQ(error.mistakes()[0].remedy, "the file may be cut short; fetch it again");
  }
}

TEST(TruncatedTokenizer, IsRefusedWhenEmpty) {
  EXPECT_TRUE(refusal("").find("not valid JSON") != std::string::npos) << refusal("");
}

TEST(MissingTokenizer, NamesTheFolder) {
  try {
    static_cast<void>(load_tokenizer("/no/such/folder"));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "/no/such/folder: no such folder (name a model's folder)");
  }
}

}  // namespace
}  // namespace edgefuse::llm
