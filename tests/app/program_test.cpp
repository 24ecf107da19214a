#include <gtest/gtest.h>

#include <sstream>

#include "app/command.hpp"
#include "app/exit_codes.hpp"

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
