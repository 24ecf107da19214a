#include "llm/encode.hpp"

#include <gtest/gtest.h>

#include "sim/error.hpp"
#include "tests/llm/tokenizer/tokenizer_file.hpp"

namespace edgefuse::llm {
namespace {

/// a to e are 0 to 4, "<s>" 5 comes before every text, "</s>" 6 after it.
nlohmann::json letters() {
  auto file = small_tokenizer();
  file["model"]["vocab"] = {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}, {"e", 4}};
  file["model"]["merges"] = nlohmann::json::array();
  file["added_tokens"] = {added_token(5, "<s>"), added_token(6, "</s>")};
  file["post_processor"] = nlohmann::json::parse(R"({"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}],
    "special_tokens": {"<s>": {"ids": [5]}, "</s>": {"ids": [6]}}})");
  return file;
}

constexpr auto x = no_label;

TEST(EncodeExample, LabelsTheAnswerOnly) {
  const auto sequence = encode_example(*load(letters()), "abc", "de", LossOn::answer, 10);
  EXPECT_EQ(sequence.ids, (Ids{5, 0, 1, 2, 3, 4}));
  EXPECT_EQ(sequence.labels, (Ids{x, x, x, x, 3, 4}));
}

TEST(EncodeExample, LabelsTheWholeText) {
  const auto sequence = encode_example(*load(letters()), "abc", "de", LossOn::full, 10);
  EXPECT_EQ(sequence.ids, (Ids{5, 0, 1, 2, 3, 4}));
  EXPECT_EQ(sequence.labels, sequence.ids);
}

TEST(EncodeExample, EndsTheTextWhenAsked) {
  const auto sequence = encode_example(*load(letters()), "abc", "d", LossOn::answer, 10, 6);
  EXPECT_EQ(sequence.ids, (Ids{5, 0, 1, 2, 3, 6}));
  EXPECT_EQ(sequence.labels, (Ids{x, x, x, x, 3, 6}));
}

TEST(EncodeExample, CutsThePromptFromItsLeftAndKeepsTheTemplate) {
  const auto sequence = encode_example(*load(letters()), "abc", "de", LossOn::answer, 5, 6);
  EXPECT_EQ(sequence.ids, (Ids{5, 2, 3, 4, 6}));
  EXPECT_EQ(sequence.labels, (Ids{x, x, 3, 4, 6}));
}

TEST(EncodeExample, CutsAnAnswerThatIsTooLongByItself) {
  const auto sequence = encode_example(*load(letters()), "abc", "ddddde", LossOn::answer, 4, 6);
  EXPECT_EQ(sequence.ids, (Ids{5, 3, 3, 3}));
  EXPECT_EQ(sequence.labels, (Ids{x, 3, 3, 3}));
}

TEST(EncodeExample, KeepsOneIdBeforeTheAnswerWhenThereIsNoTemplate) {
  auto file = letters();
  file["post_processor"] = nullptr;
  const auto sequence = encode_example(*load(file), "abc", "dddde", LossOn::answer, 4);
  EXPECT_EQ(sequence.ids, (Ids{2, 3, 3, 3}));
  EXPECT_EQ(sequence.labels, (Ids{x, 3, 3, 3}));
}

TEST(EncodeExample, TakesAPlainTextAsAnAnswerToNothing) {
  const auto sequence = encode_example(*load(letters()), "", "abc", LossOn::answer, 10);
  EXPECT_EQ(sequence.ids, (Ids{5, 0, 1, 2}));
  EXPECT_EQ(sequence.labels, (Ids{x, 0, 1, 2}));
}

/// Puts a space before every text, as Llama 2's does: ▁ 0, a 1, "▁a" 2, line break 3.
nlohmann::json spaced() {
  auto file = small_tokenizer();
  file["model"]["vocab"] = {{"▁", 0}, {"a", 1}, {"▁a", 2}, {"\n", 3}};
  file["model"]["merges"] = {"▁ a"};
  file["normalizer"] = nlohmann::json::parse(R"({"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})");
  return file;
}

TEST(EncodeContinuation, PutsNoSpaceBeforeAContinuation) {
  const auto tokenizer = load(spaced());
  EXPECT_EQ(tokenizer->encode(" a", Special::leave_out), (Ids{0, 2}));
  EXPECT_EQ(encode_continuation(*tokenizer, " a"), Ids{2});
  EXPECT_EQ(encode_continuation(*tokenizer, "a"), Ids{1});
  EXPECT_EQ(encode_continuation(*tokenizer, ""), Ids{});
}

TEST(EncodeContinuation, MakesAnswersWhatTheyAreInTheWholeText) {
  const auto tokenizer = load(spaced());
  EXPECT_EQ(encode_example(*tokenizer, "a", " a", LossOn::full, 9).ids, tokenizer->encode("a a", Special::leave_out));
  EXPECT_EQ(encode_example(*tokenizer, "", "a", LossOn::full, 9).ids, Ids{2})
      << "the beginning of a text has its space";
}

TEST(EncodeContinuation, IsPlainEncodingWhenALineBreakWouldJoinTheText) {
  auto file = letters();
  file["model"]["vocab"] = {{"a", 0}, {"\n", 1}, {"\n\n", 2}, {"d", 3}, {"e", 4}};
  file["model"]["merges"] = nlohmann::json::parse(R"([["\n", "\n"]])");
  EXPECT_EQ(encode_continuation(*load(file), "\na"), (Ids{1, 0}));
}

TEST(CheckTokenizerFits, RefusesATokenizerWithMoreTokensThanTheModelEmbeds) {
  const auto tokenizer = load(letters());
  ModelConfig config;
  config.vocabulary = 7;
  EXPECT_NO_THROW(check_tokenizer_fits(*tokenizer, config, "model"));
  config.vocabulary = 6;
  try {
    check_tokenizer_fits(*tokenizer, config, "model");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "model: the tokenizer has 7 tokens, the model embeds 6 (use the tokenizer the model was trained with)");
  }
}

}  // namespace
}  // namespace edgefuse::llm
