#include "app/show_command.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "app/exit_codes.hpp"
#include "results/recorder.hpp"
#include "tests/results/sample.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

struct Shown {
  int code = 0;
  std::string out;
  std::string err;
};

Shown show(Arguments arguments) {
  std::ostringstream out;
  std::ostringstream err;
  arguments.insert(arguments.begin(), "show");
  const int code = run_program(arguments, {out, err});
  return {code, out.str(), err.str()};
}

TEST(ShowCommand, PrintsATableOfAResult) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto digest = results::sample::record(file, 1);
  const auto shown = show({file.string()});
  EXPECT_EQ(shown.code, exit_done) << shown.err;
  EXPECT_TRUE(shown.out.starts_with("sample   seed 7, fidelity learning\n")) << shown.out;
  EXPECT_NE(shown.out.find(digest), std::string::npos) << shown.out;
  EXPECT_EQ(shown.err, "");
}

TEST(ShowCommand, PrintsNothingButJsonWhenAskedForIt) {
  const auto file = testing::scratch_folder() / "a.h5";
  const auto digest = results::sample::record(file, 1);
  const auto shown = show({"--json", file.string()});
  EXPECT_EQ(shown.code, exit_done) << shown.err;
  EXPECT_EQ(nlohmann::json::parse(shown.out).at("digest"), digest);
}

TEST(ShowCommand, RefusesWhatIsNoResult) {
  const auto scenario = testing::project_root() / "scenarios/quickstart.toml";
  const auto shown = show({scenario.string()});
  EXPECT_EQ(shown.code, exit_wrong_input);
  EXPECT_NE(shown.err.find("is no HDF5 file"), std::string::npos) << shown.err;
  EXPECT_EQ(shown.out, "");
}

TEST(ShowCommand, AsksForAFile) {
  const auto shown = show({});
  EXPECT_EQ(shown.code, exit_wrong_input);
  EXPECT_NE(shown.err.find("FILE: is missing"), std::string::npos) << shown.err;
}

}  // namespace
}  // namespace edgefuse::app
