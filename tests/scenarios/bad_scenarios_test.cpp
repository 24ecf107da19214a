#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"
#include "tests/support/assets.hpp"

// Every file of tests/scenarios/bad is a scenario with mistakes. It ends with the messages they must get, one in each
// comment "# expect: ..."; comments "# set: key=value" are overrides.

namespace edgefuse::scenarios {
namespace {

struct BadScenario {
  std::string name;
  std::string text;
  std::vector<std::string> overrides;
  std::vector<std::string> expected;
};

void PrintTo(const BadScenario& bad, std::ostream* out) {
  *out << bad.name;
}

BadScenario read_bad(const std::filesystem::path& file) {
  std::ifstream stream{file};
  BadScenario bad{file.stem().string(), {std::istreambuf_iterator<char>{stream}, {}}, {}, {}};
  std::istringstream lines{bad.text};
  for (std::string line; std::getline(lines, line);) {
    const auto after = [&](const std::string& prefix) { return line.substr(prefix.size()); };
    if (line.starts_with("# set: ")) bad.overrides.push_back(after("# set: "));
    if (line.starts_with("# expect: ")) bad.expected.push_back(after("# expect: "));
  }
  return bad;
}

std::vector<BadScenario> all_bad() {
  std::vector<BadScenario> all;
  for (const auto& entry : std::filesystem::directory_iterator{testing::project_root() / "tests/scenarios/bad"}) {
    all.push_back(read_bad(entry.path()));
  }
  std::ranges::sort(all, {}, &BadScenario::name);
  return all;
}

class BadScenarios : public ::testing::TestWithParam<BadScenario> {};

TEST_P(BadScenarios, AreRefusedWithAllTheirMistakes) {
  const auto& bad = GetParam();
  ASSERT_FALSE(bad.expected.empty()) << bad.name << " expects no message";
  try {
    (void)parse_scenario(bad.text, "bad.toml", bad.overrides);
    FAIL() << bad.name << " was accepted";
  } catch (const InputError& error) {
    std::vector<std::string> got;
    for (const auto& mistake : error.mistakes())
      got.push_back(mistake.text());
    EXPECT_EQ(got, bad.expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, BadScenarios, ::testing::ValuesIn(all_bad()),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(BadScenariosTable, IsAsLongAsItShouldBe) {
  EXPECT_GE(all_bad().size(), 60U);
}

}  // namespace

}  // namespace edgefuse::scenarios
