#include "app/train_command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/safetensors.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;
using edgefuse::testing::assets;
using edgefuse::testing::scratch_folder;
using nlohmann::json;

std::string saved_model() {
  const auto folder = scratch_folder();
  llm::save_model(llm::testing::random_model(llm::testing::small_config()), folder, at::kFloat);
  return folder.string();
}

/// Two steps of three rows of five tokens, all labelled.
std::string saved_batches(std::int64_t vocabulary = 17) {
  const auto file = scratch_folder() / "batches.safetensors";
  const at::Tensor ids = at::arange(30).remainder(vocabulary).view({2, 3, 5}).contiguous();
  llm::write_safetensors(file, {{"input_ids", ids}, {"labels", ids.clone()}});
  return file.string();
}

std::string new_folder() {
  return (scratch_folder() / "adapter").string();
}

std::string output_of(const Arguments& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(train_command(arguments, {out, err}), 0);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

std::string complaint(const Arguments& arguments) {
  try {
    static_cast<void>(output_of(arguments));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

void expect_complaint(const Arguments& arguments, const std::vector<std::string>& parts) {
  const std::string text = complaint(arguments);
  for (const auto& part : parts)
    EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in \"" << text << "\"";
}

TEST(TrainCommand, SavesWhatItTrainedInPeftsLayout) {
  const auto out = new_folder();
  const auto result = json::parse(output_of({"--model", saved_model(), "--batches", saved_batches(), "--rank", "3",
                                             "--alpha", "6", "--targets", "down,q", "--out", out, "--json"}));
  EXPECT_EQ(result.at("losses").size(), 2);
  const llm::Adapter adapter = llm::load_adapter(out);
  EXPECT_EQ(adapter.spec.rank, 3);
  EXPECT_EQ(adapter.spec.alpha, 6);
  EXPECT_EQ(adapter.spec.targets, (std::vector{llm::Projection::q, llm::Projection::down}));
  EXPECT_EQ(adapter.modules.size(), 4);
}

TEST(TrainCommand, GoesOnFromAnAdapterAndShowsALossPerStep) {
  const auto model = saved_model();
  const auto batches = saved_batches();
  const auto first = new_folder();
  const auto second = new_folder();
  EXPECT_NE(output_of({"--model", model, "--batches", batches, "--out", first}).find("adapter saved in"),
            std::string::npos);
  const auto result = json::parse(
      output_of({"--model", model, "--batches", batches, "--init-adapter", first, "--out", second, "--json"}));
  EXPECT_FALSE(
      llm::load_adapter(second).modules.begin()->second.b.equal(llm::load_adapter(first).modules.begin()->second.b));
}

TEST(TrainCommand, NamesEveryWrongOptionAtOnce) {
  expect_complaint({"--model", "nowhere", "--lr", "-1", "--rank", "0", "--targets", "q,x,q", "--schedule", "steps",
                    "--precision", "fp8", "--weight-decay", "-2", "--clip-norm", "0", "--out", "/dev/null/adapter"},
                   {"neither was given", "--lr", "--rank", "\"x\" is no projection", "names q twice", "--schedule",
                    "--precision", "--weight-decay", "--clip-norm", "/dev/null is no folder"});
}

TEST(TrainCommand, RefusesOptionsOfTrainingThatMakeNoSense) {
  expect_complaint({"--model", "m", "--batches", "b", "--out", new_folder(), "--momentum", "0.9", "--dropout", "1",
                    "--warm-up", "-0.1", "--proximal", "-1", "--base", "int4", "--accumulate", "0"},
                   {"--momentum: is SGD's", "--dropout: is 1", "--warm-up: is -0.1", "--proximal: is -1",
                    "--base: is \"int4\"", "exact, int8, nf4", "--accumulate: is 0"});
}

TEST(TrainCommand, RefusesOptionsThatContradictEachOther) {
  expect_complaint(
      {"--model", "m", "--batches", "b", "--epochs", "2", "--init-adapter", "a", "--rank", "4", "--out", new_folder()},
      {"--epochs: has no meaning for --batches", "--rank: is what --init-adapter brings"});
}

TEST(TrainCommand, RefusesBatchesThatDoNotFitTheModel) {
  const auto out = new_folder();
  const auto batches = saved_batches(20);
  expect_complaint({"--model", saved_model(), "--batches", batches, "--out", out},
                   {batches, "step 1, row 0", "token id 17", "vocabulary of 17"});
  EXPECT_FALSE(fs::exists(out)) << "nothing may be left behind";
}

TEST(TrainCommand, RefusesFilesThatAreNoBatches) {
  const auto file = scratch_folder() / "batches.safetensors";
  llm::write_safetensors(file, {{"input_ids", at::zeros({2, 3}, at::kLong)}});
  expect_complaint({"--model", saved_model(), "--batches", file.string(), "--out", new_folder()},
                   {"input_ids: has 2 dimensions", "labels: is missing"});
  llm::write_safetensors(file, {{"input_ids", at::zeros({2, 3, 4}, at::kLong)}, {"labels", at::zeros({2, 3, 4})}});
  expect_complaint({"--model", saved_model(), "--batches", file.string(), "--out", new_folder()},
                   {"labels: is not int64"});
}

TEST(TrainCommand, SaysWhatItKeptWhenTrainingDiverges) {
  const auto model = saved_model();
  const auto batches = saved_batches();
  const auto start = new_folder();
  static_cast<void>(output_of({"--model", model, "--batches", batches, "--out", start}));
  const auto out = new_folder();
  try {
    static_cast<void>(output_of(
        {"--model", model, "--batches", batches, "--init-adapter", start, "--lr", "1e38", "--out", out, "--json"}));
    FAIL() << "such a learning rate leads nowhere";
  } catch (const RunError& error) {
    EXPECT_NE(std::string{error.what()}.find("step 0"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(fs::exists(fs::path{out} / "adapter_model.safetensors"));
}

std::string written(const std::string& text) {
  const auto file = scratch_folder() / "examples.jsonl";
  std::ofstream{file} << text;
  return file.string();
}

class TrainOnText : public ::testing::Test {
 protected:
  void SetUp() override { EDGEFUSE_NEEDS_ASSET("data/models/stories260k/model.safetensors"); }
  const std::string model = (assets() / "data/models/stories260k").string();
};

TEST_F(TrainOnText, ReadsAllThreeKindsOfExamples) {
  const auto examples = written(
      "{\"prompt\": \"Tom has a\", \"answer\": \" red ball\"}\n\n"
      "{\"text\": \"Once upon a time\"}\n"
      "{\"instruction\": \"Say hello\", \"context\": \"\", \"response\": \"Hello\"}\n");
  const auto result =
      json::parse(output_of({"--model", model, "--data", examples, "--epochs", "3", "--batch", "2", "--lr", "1e-2",
                             "--loss", "full", "--targets", "q,k,v,o,gate,up,down", "--out", new_folder(), "--json"}));
  const auto losses = result.at("losses").get<std::vector<double>>();
  ASSERT_EQ(losses.size(), 6) << "three passes of two steps";
  EXPECT_LT(losses[4] + losses[5], losses[0] + losses[1]);
}

TEST_F(TrainOnText, NamesEveryLineThatIsWrong) {
  const auto examples = written("{\"prompt\": \"a\"}\nnot json\n{\"question\": 1}\n{\"text\": 5}\n[1]\n");
  expect_complaint({"--model", model, "--data", examples, "--out", new_folder()},
                   {":1: answer: is missing", ":2: is no JSON", ":3: has none of the fields", ":4: text: is no text",
                    ":5: is no JSON object"});
}

TEST_F(TrainOnText, NamesTheLineOfANumberThatNoDoubleHolds) {
  expect_complaint({"--model", model, "--data", written("{\"text\": \"a b\"}\n{\"text\": \"a\", \"id\": 1e999}\n"),
                    "--out", new_folder()},
                   {":2: is no JSON"});
  expect_complaint(
      {"--model", model, "--data", written("[{\"instruction\": \"a\",\n\"response\": 1e999}]"), "--out", new_folder()},
      {":2: invalid JSON: number overflow"});
}

TEST_F(TrainOnText, RefusesAFileWithoutExamplesAndALengthTheModelLacks) {
  expect_complaint({"--model", model, "--data", written("\n \n"), "--out", new_folder()}, {"holds no examples"});
  expect_complaint(
      {"--model", model, "--data", written("{\"text\": \"a\"}"), "--sequence", "513", "--out", new_folder()},
      {"--sequence: is 513", "at most 512"});
}

}  // namespace
}  // namespace edgefuse::app
