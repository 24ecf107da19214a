#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "llm/model.hpp"
#include "llm/tokenizer.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

/// A world of two domains and a model of one narrow layer.
fs::path recipe() {
  auto file = edgefuse::testing::scratch_folder() / "pretraining.toml";
  std::ofstream{file} << R"(
seed = 3
vocabulary = 600
log_every = 1
log_questions = 4
[world]
public_seed = 1
domains = 2
public_entities = 2
relations = 2
values = 6
[model]
hidden = 16
intermediate = 24
layers = 1
heads = 4
kv_heads = 2
head_dim = 6
max_positions = 2048
[training]
learning_rate = 1e-3
[weights]
prompt = 0.1
[[phase]]
steps = 2
drills = 2
statements = 3
)";
  return file;
}

TEST(PretrainCommand, WritesAFolderThatLoadsAndLeavesOtherFilesInIt) {
  const auto folder = edgefuse::testing::scratch_folder();
  for (const char* name : {"README.md", "tokenizer.json", "model.safetensors"})
    std::ofstream{folder / name} << "old";
  const auto outcome = testing::edgefuse({"pretrain", recipe().string(), "--out", folder.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto model = llm::load_model(folder);
  EXPECT_EQ(llm::load_tokenizer(folder)->vocabulary(), model.config.vocabulary);
  EXPECT_EQ(fs::file_size(folder / "README.md"), 3u);
  EXPECT_TRUE(fs::exists(folder / "pretraining.log"));
  EXPECT_TRUE(fs::exists(folder / "pretraining.toml"));
  EXPECT_FALSE(fs::exists(folder / ".part"));
}

TEST(PretrainCommand, SaysBeforeTrainingThatItCannotWrite) {
  const auto place = edgefuse::testing::scratch_folder() / "taken";
  std::ofstream{place} << "text";
  const auto outcome = testing::edgefuse({"pretrain", recipe().string(), "--out", place.string()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("is no folder"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("step"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace edgefuse::app
