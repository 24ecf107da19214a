#include "app/run/methods.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "data/partitioners/registry.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

/// The row of docs/formats/scenario.md that explains `key` in the table of `section`.
std::string row_of(const std::string& section, const std::string& key) {
  std::ifstream stream{edgefuse::testing::project_root() / "docs/formats/scenario.md"};
  const std::string page{std::istreambuf_iterator<char>{stream}, {}};
  const auto table = page.find("[" + section + "]");
  const auto row = page.find("| `" + key + "` |", table);
  return table == page.npos || row == page.npos ? "" : page.substr(row, page.find('\n', row) - row);
}

template <class Interface>
void expect_all_named(const Registry<Interface>& registry, const std::string& section, const std::string& key) {
  const auto row = row_of(section, key);
  ASSERT_FALSE(row.empty()) << "no row for " << section << "." << key;
  for (const auto& method : registry.methods())
    EXPECT_TRUE(row.find("`" + method.name + "`") != row.npos || row.find("`\"" + method.name + "\"`") != row.npos)
        << section << "." << key << " does not tell of " << method.name << ": " << row;
}

TEST(Methods, AreAllToldOfOnTheScenarioPage) {
  expect_all_named(data::partitioners(), "data", "partitioner");
  expect_all_named(llm::pruners(), "pruning", "method");
  expect_all_named(server::recoveries(), "recovery", "method");
  expect_all_named(clients::ratio_policies(), "pruning", "policy");
  expect_all_named(server::protocols(), "protocol", "kind");
  expect_all_named(server::selections(), "selection", "method");
  expect_all_named(server::fusion_rules(), "fusion.arm", "rule");
  expect_all_named(server::conflict_resolvers(), "fusion.arm", "conflict");
}

}  // namespace
}  // namespace edgefuse::app
