#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "llm/model.hpp"
#include "llm/pruning/record.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using nlohmann::json;

/// `edgefuse prune` of the embedded base.
class PruneCommand : public ::testing::Test {
 protected:
  std::string model = (edgefuse::testing::project_root() / "data/models/atlas-base").string();
  std::filesystem::path folder = edgefuse::testing::scratch_folder();
  std::string out = (folder / "pruned").string();
  std::string text = (folder / "public.txt").string();

  void SetUp() override {
    std::ofstream file{text};
    for (int i = 0; i < 400; ++i)
      file << "the colour of thing " << i << " is red and its size is small\n";
  }

  [[nodiscard]] testing::Outcome prune(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"prune", "--model", model, "--out", out, "--json"};
    if (std::ranges::find(more, "--texts") == more.end()) more.insert(more.end(), {"--texts", "4"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::edgefuse(arguments);
  }
  [[nodiscard]] json told(std::vector<std::string> more) const {
    const auto outcome = prune(std::move(more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? json::parse(outcome.out) : json{};
  }
  void expect_refused(std::vector<std::string> more, const std::string& message) const {
    const auto outcome = prune(std::move(more));
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out)) << "something was written";
  }
};

TEST_F(PruneCommand, TellsWhatWasKeptAndWritesAFolderThatHoldsIt) {
  const auto result = told({"--method", "magnitude", "--ratio", "0.5"});
  const auto whole = llm::load_model(model);
  const auto left = llm::load_model(out);
  EXPECT_EQ(result["parameters_before"], whole.parameters());
  EXPECT_EQ(result["parameters_after"], left.parameters());
  EXPECT_EQ(result["perplexity_after"], nullptr) << "there was no text";
  const auto record = llm::read_pruning_record(out);
  for (std::size_t l = 0; l < whole.layers.size(); ++l) {
    EXPECT_EQ(result["layers"][l]["neurons"], record.layers[l].neurons);
    EXPECT_EQ(std::ssize(record.layers[l].neurons), left.layers[l].gate.out());
    EXPECT_EQ(std::ssize(record.layers[l].kv_heads), left.kv_heads(l));
  }
}

TEST_F(PruneCommand, MeasuresOnTextThatThePrunerDidNotSee) {
  const auto result = told({"--method", "flap", "--ratio", "0.3", "--calibration", text});
  EXPECT_GT(result["perplexity_after"], 0.0);
  EXPECT_EQ(result["perplexity_tokens"], 4 * 127);
}

TEST_F(PruneCommand, AMaskChangesNoShapeAndCountsTheZeros) {
  const auto result =
      told({"--method", "wanda", "--set", "pattern=2:4", "--ratio", "0.5", "--calibration", text, "--tokens", "32"});
  EXPECT_LT(result["parameters_after"], result["parameters_before"]);
  EXPECT_EQ(llm::load_model(out).parameters(), llm::load_model(model).parameters());
}

TEST_F(PruneCommand, AtRatioZeroTheModelIsAsItWas) {
  const auto result = told({"--method", "random", "--ratio", "0", "--evaluate", text});
  EXPECT_EQ(result["perplexity_before"], result["perplexity_after"]);
}

TEST_F(PruneCommand, NeverWritesOverTheModelItReads) {
  std::filesystem::copy(model, out, std::filesystem::copy_options::recursive);
  const auto weights = std::filesystem::file_size(out + "/model.safetensors");
  const auto outcome =
      testing::edgefuse({"prune", "--model", out, "--method", "random", "--ratio", "0.5", "--out", out + "/."});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_NE(outcome.err.find("--out: is the folder of --model"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::filesystem::file_size(out + "/model.safetensors"), weights);
}

TEST_F(PruneCommand, RefusesNumbersThatNoModelHasRoomFor) {
  const std::string most = "9223372036854775807";
  for (const char* budget : {"per-layer", "global", "layers"})
    expect_refused({"--method", "magnitude", "--ratio", "0.5", "--budget", budget, "--protect-first", most,
                    "--protect-last", most},
                   "protected");
  expect_refused({"--method", "flap", "--ratio", "0.5", "--calibration", text, "--texts", most, "--tokens", "9"},
                 "calibration needs");
}

TEST_F(PruneCommand, RefusesWhatCannotBeBeforeAnyWork) {
  expect_refused({"--method", "magnitude", "--ratio", "1"}, "--ratio: is 1");
  expect_refused({"--method", "wanda-sp", "--ratio", "0.5"}, "--calibration: is not given");
  expect_refused({"--method", "wandasp", "--ratio", "0.5"}, "did you mean \"wanda-sp\"?");
  expect_refused({"--method", "random", "--set", "sed=1", "--ratio", "0.5"}, "sed");
  expect_refused({"--method", "magnitude", "--ratio", "0.5", "--protect-first", "99"}, "protected");
  expect_refused({"--method", "wanda-sp", "--ratio", "0.5", "--calibration", text, "--texts", "99999"},
                 "and calibration needs");
  expect_refused({"--method", "wanda", "--set", "pattern=2:4", "--ratio", "0.3", "--calibration", text}, "2:4");
  expect_refused({"--method", "wanda", "--budget", "global", "--ratio", "0.3", "--calibration", text},
                 "compares them within a matrix");
}

TEST_F(PruneCommand, APrunedModelIsNotPrunedAgain) {
  const std::string base = model;
  for (const char* protect : {"0", "1"}) {
    model = base;
    out = (folder / (std::string{"uneven"} + protect)).string();
    (void)told({"--method", "magnitude", "--ratio", "0.5", "--protect-first", protect});
    model = out;
    out = (folder / "again").string();
    expect_refused({"--method", "magnitude", "--ratio", "0.5"}, "already pruned");
  }
}

}  // namespace
}  // namespace edgefuse::app
