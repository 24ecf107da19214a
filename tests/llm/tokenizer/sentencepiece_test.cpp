#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <string>
#include <vector>

#include "llm/tokenizer/protobuf.hpp"
#include "sim/error.hpp"
#include "tests/llm/tokenizer/tokenizer_file.hpp"

namespace edgefuse::llm {
namespace {

// Writes the fields of sentencepiece_model.proto; one byte of length is enough here.

std::string scalar_field(unsigned number, unsigned value) {
  std::string bytes;
  const unsigned tag = number << 3;
  if (tag >= 0x80) bytes += static_cast<char>((tag & 0x7F) | 0x80);
  bytes += static_cast<char>(tag >= 0x80 ? tag >> 7 : tag);
  return bytes + static_cast<char>(value);
}

std::string bytes_field(unsigned number, const std::string& value) {
  return std::string{static_cast<char>((number << 3) | 2), static_cast<char>(value.size())} + value;
}

enum Kind : unsigned { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5 };

std::string piece(const std::string& text, float score, Kind kind) {
  const auto bits = std::bit_cast<std::uint32_t>(score);
  std::string message = bytes_field(1, text) + static_cast<char>((2 << 3) | 5);
  for (unsigned shift = 0; shift < 32; shift += 8)
    message += static_cast<char>((bits >> shift) & 0xFF);
  return bytes_field(1, message + scalar_field(3, kind));
}

std::string trainer(const std::string& fields) {
  return bytes_field(2, fields);
}
std::string normalizer(const std::string& fields) {
  return bytes_field(3, fields);
}
const std::string bpe = trainer(scalar_field(3, 2));

/// <unk> 0, <s> 1, </s> 2, ▁ 3, a 4, b 5, "ab" 6, "▁a" 7, "xb" 8 although x is no piece.
std::string small_model() {
  return piece("<unk>", 0, unknown) + piece("<s>", 0, control) + piece("</s>", 0, control) + piece("▁", -9, normal) +
         piece("a", -9, normal) + piece("b", -9, normal) + piece("ab", -1, normal) + piece("▁a", -2, normal) +
         piece("xb", -3, normal) + bpe;
}

std::filesystem::path folder_with(const std::string& bytes) {
  const auto folder = testing::scratch_folder();
  std::ofstream{folder / "tokenizer.model", std::ios::binary} << bytes;
  return folder;
}

Ids plain_ids(const std::string& bytes, const std::string& text) {
  return load_tokenizer(folder_with(bytes))->encode(text, Special::leave_out);
}

TEST(SentencePiece, JoinsTheHighestScoreFirst) {
  EXPECT_EQ(plain_ids(small_model(), "ab"), (Ids{3, 6})) << "\"ab\" scores above \"▁a\"";
  EXPECT_EQ(plain_ids(small_model(), "aa"), (Ids{7, 4}));
}

TEST(SentencePiece, JoinsCharactersThatAreNoPiecesThemselves) {
  EXPECT_EQ(plain_ids(small_model(), "axb"), (Ids{7, 8}));
}

TEST(SentencePiece, FusesUnknownCharacters) {
  EXPECT_EQ(plain_ids(small_model(), "axyb"), (Ids{7, 0, 5}));
}

TEST(SentencePiece, RemovesExtraSpacesWhenTheModelSaysSo) {
  EXPECT_EQ(plain_ids(small_model(), "  a   b "), (Ids{7, 3, 5}));
  EXPECT_EQ(plain_ids(small_model(), "   "), Ids{});
  const auto keeps = small_model() + normalizer(scalar_field(4, 0));
  EXPECT_EQ(plain_ids(keeps, " a "), (Ids{3, 7, 3}));
}

TEST(SentencePiece, PutsNoDummySpaceWhenTheModelSaysSo) {
  EXPECT_EQ(plain_ids(small_model() + normalizer(scalar_field(3, 0)), "a a"), (Ids{4, 7}));
}

TEST(SentencePiece, DecodesWithoutTheDummySpaceAndControls) {
  const auto tokenizer = load_tokenizer(folder_with(small_model()));
  EXPECT_EQ(tokenizer->decode({1, 7, 5, 7, 2}), "ab a");
  EXPECT_EQ(tokenizer->decode({7, 0, 5, 99, -1}), "a \u2047 b");
}

TEST(SentencePiece, AddsBosAndWhatTheConfigurationSays) {
  const auto folder = folder_with(small_model());
  EXPECT_EQ(load_tokenizer(folder)->encode("a", Special::add), (Ids{1, 7}));
  std::ofstream{folder / "tokenizer_config.json"} << R"({"add_bos_token": false, "add_eos_token": true})";
  const auto tokenizer = load_tokenizer(folder);
  EXPECT_EQ(tokenizer->encode("a", Special::add), (Ids{7, 2}));
  EXPECT_EQ(tokenizer->special_template().after, Ids{2});
}

TEST(SentencePiece, KnowsItsTokensByName) {
  const auto tokenizer = load_tokenizer(folder_with(small_model()));
  EXPECT_EQ(tokenizer->token_id("<s>"), 1);
  EXPECT_EQ(tokenizer->token_id("no piece"), std::nullopt);
  EXPECT_EQ(tokenizer->vocabulary(), 9);
}

/// The problems, one a line.
std::string refusal(const std::string& bytes) {
  try {
    static_cast<void>(load_tokenizer(folder_with(bytes)));
  } catch (const InputError& error) {
    std::string all;
    for (const auto& mistake : error.mistakes()) {
      EXPECT_TRUE(mistake.file.ends_with("tokenizer.model")) << mistake.file;
      all += (all.empty() ? "" : "\n") + mistake.problem;
    }
    return all;
  }
  return "accepted";
}

TEST(BadSentencePiece, IsRefusedWhenCutShort) {
  const auto whole = small_model();
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)), "not a SentencePiece model: 1 bytes are missing at the end");
  EXPECT_EQ(refusal(""), "not a SentencePiece model: no pieces");
  EXPECT_EQ(refusal("<html>"), "not a SentencePiece model: unknown wire type 4");
}

TEST(BadSentencePiece, IsRefusedAtEveryLength) {
  const auto whole = small_model();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted") << "cut to " << length << " bytes";
}

TEST(BadSentencePiece, IsRefusedForAnotherAlgorithm) {
  EXPECT_EQ(refusal(small_model() + trainer(scalar_field(3, 1))),
            "model type \"unigram\" is not supported: only bpe is");
}

TEST(BadSentencePiece, IsRefusedForACharacterMap) {
  EXPECT_EQ(refusal(small_model() + normalizer(bytes_field(1, "nmt_nfkc") + bytes_field(2, "map"))),
            "normalizer \"nmt_nfkc\" is not supported: only identity is");
}

TEST(BadSentencePiece, NamesEveryPieceItDoesNotSupport) {
  EXPECT_EQ(refusal(small_model() + piece("<sep>", 0, user_defined) + piece("old", 0, unused)),
            "piece \"<sep>\": user-defined pieces are not supported\npiece \"old\": unused pieces are not supported");
}

TEST(BadSentencePiece, IsRefusedForTwinPieces) {
  EXPECT_EQ(refusal(small_model() + piece("ab", -7, normal)), "piece \"ab\" comes twice: as id 6 and as id 9");
}

TEST(BadSentencePiece, IsRefusedWithoutAnUnknownPiece) {
  EXPECT_EQ(refusal(piece("a", 0, normal) + bpe), "0 unknown pieces: there must be one");
}

TEST(BadSentencePiece, IsRefusedForByteFallbackWithoutBytes) {
  EXPECT_EQ(refusal(small_model() + trainer(scalar_field(35, 1))),
            "byte fallback needs the byte piece \"<0x00>\", which is missing");
}

TEST(BadSentencePiece, IsRefusedForABrokenConfigurationBesideIt) {
  const auto folder = folder_with(small_model());
  std::ofstream{folder / "tokenizer_config.json"} << R"({"add_bos_token": 1})";
  try {
    static_cast<void>(load_tokenizer(folder));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes()[0].key, "add_bos_token");
    EXPECT_EQ(error.mistakes()[0].problem, "expected true or false, found 1");
  }
}

TEST(WireReader, ReadsEveryKindOfField) {
  using tokenizing::WireReader;
  WireReader reader{
      std::string_view{"\x08\x96\x01\x12\x02hi\x1D\x00\x00\x80\xBF\x21\x01\x00\x00\x00\x00\x00\x00\x80", 21}};
  EXPECT_EQ(reader.next()->scalar, 150U);
  EXPECT_EQ(reader.next()->bytes, "hi");
  EXPECT_EQ(reader.next()->as_float(), -1.0F);
  EXPECT_EQ(reader.next()->scalar, 0x8000000000000001U);
  EXPECT_FALSE(reader.next().has_value());
}

}  // namespace
}  // namespace edgefuse::llm
