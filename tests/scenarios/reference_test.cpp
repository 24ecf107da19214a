#include "scenarios/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "scenarios/scenario.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::scenarios {
namespace {

// EDGEFUSE_UPDATE_DOCS=1 writes the page instead of comparing it.
TEST(ScenarioReference, PageIsWhatTheSchemaSays) {
  const auto page = testing::project_root() / "docs/formats/scenario.md";
  if (std::getenv("EDGEFUSE_UPDATE_DOCS") != nullptr) std::ofstream{page} << scenario_reference();
  std::ifstream written{page};
  std::istringstream wanted{scenario_reference()};
  std::string line;
  for (int number = 1; std::getline(wanted, line); ++number) {
    std::string found;
    std::getline(written, found);
    ASSERT_EQ(found, line) << "line " << number << "; EDGEFUSE_UPDATE_DOCS=1 test_scenarios_unit writes " << page;
  }
  EXPECT_FALSE(std::getline(written, line)) << "the page goes on with: " << line;
}

TEST(ScenarioReference, SmallestScenarioItShowsIsRight) {
  const auto page = scenario_reference();
  const std::string fence = "```toml\n";
  const auto begin = page.find(fence) + fence.size();
  EXPECT_EQ(parse_scenario(page.substr(begin, page.find("```", begin) - begin), "page").fleet.clients, 8);
}

}  // namespace
}  // namespace edgefuse::scenarios
