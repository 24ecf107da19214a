#include "scenarios/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "scenarios/scenario.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::scenarios {
namespace {

// EDGEFUSE_UPDATE_DOCS=1 writes the page instead of comparing it.
TEST(ScenarioReference, PageIsWhatTheSchemaSays) {
  const auto page = testing::project_root() / "docs/formats/scenario.md";
  if (std::getenv("EDGEFUSE_UPDATE_DOCS") != nullptr) std::ofstream{page} << scenario_reference();
  std::ifstream stream{page};
  const std::string written{std::istreambuf_iterator<char>{stream}, {}};
  EXPECT_EQ(written, scenario_reference())
      << "EDGEFUSE_UPDATE_DOCS=1 test_scenarios_unit writes docs/formats/scenario.md";
}

TEST(ScenarioReference, SmallestScenarioItShowsIsRight) {
  const auto page = scenario_reference();
  const std::string fence = "```toml\n";
  const auto begin = page.find(fence) + fence.size();
  EXPECT_EQ(parse_scenario(page.substr(begin, page.find("```", begin) - begin), "page").fleet.clients, 8);
}

}  // namespace
}  // namespace edgefuse::scenarios
