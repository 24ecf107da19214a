#include "app/compose_command.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "data/composition_file.hpp"
#include "sim/error.hpp"
#include "sim/input_file.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

/// What the command prints.
std::string compose(const Arguments& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(compose_command(arguments, {out, err}), 0);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

std::string refusal(const Arguments& arguments) {
  std::ostringstream ignored;
  try {
    compose_command(arguments, {ignored, ignored});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ComposeCommand, WritesAFileThatReadsBack) {
  const auto file = (testing::scratch_folder() / "cd.jsonl").string();
  const auto text = compose({"--atlas", "--k", "3", "--count", "20", "--seed", "7", "--out", file, "--json"});
  const auto printed = nlohmann::json::parse(text);
  EXPECT_EQ(printed["instances"], 20);
  EXPECT_EQ(printed["domains"], 8);
  EXPECT_EQ(printed["file"], file);
  const auto composition = data::read_composition(file);
  EXPECT_EQ(composition.options.seed, 7u);
  ASSERT_EQ(composition.instances.size(), 20u);
  for (const auto& instance : composition.instances) {
    std::set<std::string> domains;
    for (const auto& part : instance.parts)
      domains.insert(part.domain);
    EXPECT_EQ(domains.size(), 3u) << instance.id;
  }
}

TEST(ComposeCommand, WritesTheSameBytesForTheSameSeed) {
  const auto folder = testing::scratch_folder();
  for (const auto* name : {"a", "b"})
    compose({"--atlas", "--count", "5", "--out", (folder / name).string()});
  compose({"--atlas", "--count", "5", "--seed", "2", "--out", (folder / "c").string()});
  EXPECT_EQ(read_text_file(folder / "a"), read_text_file(folder / "b"));
  EXPECT_NE(read_text_file(folder / "a"), read_text_file(folder / "c"));
}

TEST(ComposeCommand, RefusesWrongInputAndWritesNothing) {
  const auto file = testing::scratch_folder() / "cd.jsonl";
  const auto out = file.string();
  EXPECT_NE(refusal({"--out", out}).find("neither given"), std::string::npos);
  EXPECT_NE(refusal({"--atlas", "--mmlu", "x", "--out", out}).find("both given"), std::string::npos);
  EXPECT_NE(refusal({"--atlas", "--split", "val", "--out", out}).find("--split"), std::string::npos);
  EXPECT_NE(refusal({"--mmlu", "/no/such/folder", "--out", out}).find("no such folder"), std::string::npos);
  EXPECT_NE(refusal({"--mmlu", "x", "--level", "subjects", "--out", out}).find("did you mean subject?"),
            std::string::npos);
  EXPECT_NE(refusal({"--atlas", "--k", "9", "--out", out}).find("8 domains"), std::string::npos);
  EXPECT_NE(refusal({"--mmlu", "x", "--level", "subjects", "--out", out}).find("--level: \"subjects\" is not a level"),
            std::string::npos);
  EXPECT_EQ(refusal({"--atlas", "--count", "0", "--out", out}).rfind("--count: 0 instances", 0), 0U);
  EXPECT_EQ(refusal({"--atlas", "--conflict", "2", "--out", out}).rfind("--conflict: 2 is not a share", 0), 0U);
  EXPECT_EQ(refusal({"--atlas", "--atlas-seed", "-1", "--out", out}).rfind("--atlas-seed: is -1", 0), 0U);
  EXPECT_EQ(refusal({"--atlas", "--seed", "-1", "--out", out}).rfind("--seed: is -1", 0), 0U);
  EXPECT_NE(refusal({"--atlas", "--out", "/no/such/folder/x"}).find("cannot be written"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace edgefuse::app
