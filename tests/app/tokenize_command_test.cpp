#include "app/tokenize_command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "llm/tokenizer/bpe_trainer.hpp"
#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

/// A folder with a byte-level tokenizer: id 0 is "<eos>", 'a' to 'e' are 65 to 69, "ab" is 257.
std::string model_folder() {
  const auto folder = testing::scratch_folder();
  const std::vector<std::string> texts{"ab", "ab"};
  const std::vector<std::string> special{"<eos>"};
  std::ofstream{folder / "tokenizer.json"} << llm::train_bpe(texts, 300, special);
  return folder.string();
}

std::string file_with(const std::string& content) {
  const auto file = testing::scratch_folder() / "texts.json";
  std::ofstream{file} << content;
  return file.string();
}

/// What the command prints.
std::string tokenize(const Arguments& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(tokenize_command(arguments, {out, err}), 0);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

std::string refusal(const Arguments& arguments) {
  std::ostringstream out;
  try {
    tokenize_command(arguments, {out, out});
  } catch (const InputError& error) {
    EXPECT_EQ(out.str(), "") << "printed before it refused";
    return error.what();
  }
  return "accepted";
}

TEST(TokenizeCommand, PrintsOneListForOneText) {
  EXPECT_EQ(tokenize({"--model", model_folder(), "--text", "abe<eos>", "--json"}), "{\"ids\":[257,69,0]}\n");
  EXPECT_EQ(tokenize({"--model", model_folder(), "--text", "abe<eos>"}), "257 69 0\n");
}

TEST(TokenizeCommand, PrintsAListOfListsForAFile) {
  const auto file = file_with(R"(["ab", "", "ea"])");
  EXPECT_EQ(tokenize({"--model", model_folder(), "--file", file, "--json"}), "{\"ids\":[[257],[],[69,65]]}\n");
  EXPECT_EQ(tokenize({"--model", model_folder(), "--file", file}), "257\n\n69 65\n");
}

TEST(TokenizeCommand, PrintsAListOfListsEvenForAFileOfOneText) {
  EXPECT_EQ(tokenize({"--model", model_folder(), "--file", file_with(R"(["ab"])"), "--json"}), "{\"ids\":[[257]]}\n");
}

TEST(TokenizeCommand, AddsTheTemplateOnlyWhenAsked) {
  EDGEFUSE_NEEDS_ASSET("data/models/stories260k/tokenizer.json");
  const auto model = (testing::assets() / "data/models/stories260k").string();
  EXPECT_EQ(tokenize({"--model", model, "--text", "Hello world"}), "346 306 414 263 304 341\n");
  EXPECT_EQ(tokenize({"--model", model, "--text", "Hello world", "--special"}), "1 346 306 414 263 304 341\n");
}

TEST(TokenizeCommand, WantsATextOrAFile) {
  EXPECT_EQ(refusal({"--model", model_folder()}), "--text, --file: neither was given (give one of them)");
  EXPECT_EQ(refusal({"--model", model_folder(), "--text", "a", "--file", "b"}),
            "--text, --file: both were given (give one of them)");
}

TEST(TokenizeCommand, NamesWhatIsWrongWithTheFile) {
  const auto model = model_folder();
  EXPECT_EQ(refusal({"--model", model, "--file", "/no/such.json"}), "/no/such.json: cannot be read");
  const auto broken = file_with("[\"a\",\n\"b\"");
  EXPECT_TRUE(refusal({"--model", model, "--file", broken}).starts_with(broken + ":2: not valid JSON"));
  const auto number = file_with(R"(["a", 7])");
  EXPECT_EQ(refusal({"--model", model, "--file", number}), number + ": [1]: expected a string, found number");
  const auto object = file_with(R"({"a": 7})");
  EXPECT_EQ(refusal({"--model", model, "--file", object}), object + ": expected a list, found object");
}

TEST(TokenizeCommand, RefusesAFolderWithoutATokenizer) {
  const auto empty = testing::scratch_folder().string();
  EXPECT_EQ(refusal({"--model", empty, "--text", "a"}),
            empty + ": no tokenizer (the folder needs a tokenizer.json or a tokenizer.model)");
}

}  // namespace
}  // namespace edgefuse::app
