#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/exit_codes.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome run(const Arguments& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_program(arguments, {out, err});
  return {code, out.str(), err.str()};
}

TEST(Program, HelpListsEveryCommand) {
  const auto [code, out, err] = run({"--help"});
  EXPECT_EQ(code, exit_done);
  for (const auto& command : commands())
    EXPECT_NE(out.find(command.name), std::string::npos) << command.name;
}

TEST(Program, EveryCommandExplainsItselfWithAnExample) {
  for (const auto& command : commands()) {
    const auto [code, out, err] = run({std::string{command.name}, "--help"});
    EXPECT_EQ(code, exit_done) << command.name;
    EXPECT_NE(out.find("  --help"), std::string::npos) << out;
    EXPECT_NE(out.find("example:\n  edgefuse " + std::string{command.name}), std::string::npos) << out;
  }
}

/// What stands below "example:".
std::string example_of(const Command& command) {
  const auto help = run({std::string{command.name}, "--help"}).out;
  return help.substr(help.find("example:\n") + 9);
}

/// The words of `line` that name files or folders to read: those with a '/' or a file's ending, but for the word after
/// --out.
std::vector<std::string> inputs_of(const std::string& line) {
  std::vector<std::string> inputs;
  std::istringstream words{line};
  std::string before;
  for (std::string word; words >> word; before = word) {
    const bool is_path = word.find('/') != std::string::npos || std::filesystem::path{word}.has_extension();
    const bool is_number = word.find_first_not_of("0123456789.,e+-") == std::string::npos;
    if (is_path && !is_number && before != "--out") inputs.push_back(word);
  }
  return inputs;
}

TEST(Program, EveryExampleReadsWhatIsThereOrSaysHowToMakeIt) {
  for (const auto& command : commands()) {
    const auto example = example_of(command);
    const auto comment = example.find('#');
    const auto remark = comment == std::string::npos ? "" : example.substr(comment);
    for (const auto& input : inputs_of(example.substr(0, comment))) {
      const bool there = std::filesystem::exists(edgefuse::testing::project_root() / input);
      const bool explained = remark.find(std::filesystem::path{input}.stem()) != std::string::npos;
      EXPECT_TRUE(there || explained) << input << " of the example of " << command.name;
    }
  }
}

TEST(Program, TheWordHelpIsTheValueOfAnOptionThatTakesOne) {
  const auto folder = (edgefuse::testing::project_root() / "data/models/atlas-base").string();
  for (const Arguments& arguments : {Arguments{"tokenize", "--model", folder, "--text", "--help"},
                                     {"tokenize", "--model", folder, "--text=--help"}}) {
    const auto [code, out, err] = run(arguments);
    EXPECT_EQ(code, exit_done) << err;
    EXPECT_EQ(out.find("usage:"), std::string::npos) << out;
    EXPECT_FALSE(out.empty());
  }
  EXPECT_NE(run({"tokenize", "--text", "a", "--help"}).out.find("usage:"), std::string::npos);
  EXPECT_NE(run({"tokenize", "--special", "-h"}).out.find("usage:"), std::string::npos) << "--special takes no value";
}

TEST(Program, AnUnknownCommandIsAUsersMistakeAndNamesTheNearest) {
  const auto [code, out, err] = run({"rnu"});
  EXPECT_EQ(code, exit_wrong_input);
  EXPECT_EQ(err, "rnu: unknown command (did you mean run?)\n");
  EXPECT_EQ(out, "");
}

TEST(Program, AnUnknownOptionIsAUsersMistakeAndNamesTheNearest) {
  const auto [code, out, err] = run({"run", "--thread", "2"});
  EXPECT_EQ(code, exit_wrong_input);
  EXPECT_NE(err.find("did you mean --threads?"), std::string::npos) << err;
}

}  // namespace
}  // namespace edgefuse::app
