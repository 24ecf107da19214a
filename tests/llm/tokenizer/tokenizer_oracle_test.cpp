#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "llm/tokenizer.hpp"
#include "tests/support/assets.hpp"

// Ids and texts of Hugging Face tokenizers 0.23.1 and SentencePiece 0.2.2 (oracles/README.md).

namespace edgefuse::llm {
namespace {

using Ids = std::vector<std::int64_t>;
using Special = Tokenizer::Special;

struct Oracle {
  const char* name;
  const char* folder;
};

void PrintTo(const Oracle& oracle, std::ostream* out) {
  *out << oracle.name;
}

nlohmann::json read_json(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return nlohmann::json::parse(stream);
}

class TokenizerOracle : public ::testing::TestWithParam<Oracle> {
 protected:
  static nlohmann::json numbers() {
    return read_json(testing::assets() / "oracles" / (std::string{"tokenizer-"} + GetParam().name + ".json"));
  }
  static std::filesystem::path folder() { return testing::assets() / GetParam().folder; }
};

std::string model_file(const Oracle& oracle) {
  return std::string{oracle.folder} + "/tokenizer.model";
}

TEST_P(TokenizerOracle, GivesTheIdsAndTextsOfHuggingFace) {
  EDGEFUSE_NEEDS_ASSET(GetParam().folder);
  const auto oracle = numbers();
  const auto tokenizer = load_tokenizer(folder());
  EXPECT_EQ(tokenizer->vocabulary(), oracle.at("vocab_size").get<std::int64_t>());
  int checked = 0;
  for (const auto* group : {"cases", "special_cases"}) {
    for (const auto& one : oracle.at(group)) {
      const auto text = one.at("text").get<std::string>();
      const auto ids = one.at("ids").get<Ids>();
      EXPECT_EQ(tokenizer->encode(text, Special::leave_out), ids) << group << ": \"" << text << '"';
      EXPECT_EQ(tokenizer->decode(ids), one.at("decoded").get<std::string>()) << group << ": \"" << text << '"';
      ++checked;
    }
  }
  EXPECT_EQ(checked, 44);
}

TEST_P(TokenizerOracle, PutsTheTemplateAroundTheText) {
  EDGEFUSE_NEEDS_ASSET(GetParam().folder);
  const auto with = numbers().at("with_special_tokens");
  const auto tokenizer = load_tokenizer(folder());
  EXPECT_EQ(tokenizer->encode(with.at("text").get<std::string>(), Special::add), with.at("ids").get<Ids>());
}

INSTANTIATE_TEST_SUITE_P(Files, TokenizerOracle,
                         ::testing::Values(Oracle{"stories15m", "data/models/stories15m"},
                                           Oracle{"stories260k", "data/models/stories260k"},
                                           Oracle{"minimind2", "data/models/minimind2-small"},
                                           Oracle{"smollm2", "data/tokenizers/smollm2"},
                                           Oracle{"gpt2", "oracles/tokenizers/gpt2"},
                                           Oracle{"qwen2-style", "oracles/tokenizers/qwen2-style"},
                                           Oracle{"llama3-style", "oracles/tokenizers/llama3-style"},
                                           Oracle{"smollm2-style", "oracles/tokenizers/smollm2-style"}));

class SentencePieceOracle : public TokenizerOracle {
 protected:
  /// A folder with nothing but the tokenizer.model, so that it is what gets loaded.
  static std::filesystem::path only_the_model() {
    const auto alone = testing::scratch_folder();
    std::filesystem::copy_file(folder() / "tokenizer.model", alone / "tokenizer.model");
    return alone;
  }
};

TEST_P(SentencePieceOracle, GivesTheIdsOfSentencePiece) {
  EDGEFUSE_NEEDS_ASSET(model_file(GetParam()));
  const auto oracle = numbers();
  const auto tokenizer = load_tokenizer(only_the_model());
  EXPECT_EQ(tokenizer->vocabulary(), oracle.at("vocab_size").get<std::int64_t>());
  for (const auto* group : {"cases", "special_cases"}) {
    for (const auto& one : oracle.at(group)) {
      const auto text = one.at("text").get<std::string>();
      const auto& ids = one.contains("ids_sentencepiece") ? one.at("ids_sentencepiece") : one.at("ids");
      EXPECT_EQ(tokenizer->encode(text, Special::leave_out), ids.get<Ids>()) << group << ": \"" << text << '"';
    }
  }
  const auto& with = oracle.at("with_special_tokens");
  EXPECT_EQ(tokenizer->encode(with.at("text").get<std::string>(), Special::add), with.at("ids").get<Ids>());
}

TEST_P(SentencePieceOracle, DecodesToTheSameTexts) {
  EDGEFUSE_NEEDS_ASSET(model_file(GetParam()));
  const auto oracle = numbers();
  const auto tokenizer = load_tokenizer(only_the_model());
  for (const auto& one : oracle.at("cases"))
    EXPECT_EQ(tokenizer->decode(one.at("ids").get<Ids>()), one.at("decoded").get<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Files, SentencePieceOracle,
                         ::testing::Values(Oracle{"stories15m", "data/models/stories15m"},
                                           Oracle{"stories260k", "data/models/stories260k"}));

}  // namespace
}  // namespace edgefuse::llm
