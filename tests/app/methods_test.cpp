#include "app/run/methods.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "data/partitioners/registry.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

std::string text_of(const std::string& page) {
  std::ifstream stream{edgefuse::testing::project_root() / page};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Whether a page has a table row that begins with the name. `core-` and `knots-` stand before the names of others
/// there.
void expect_rows(const std::string& page, const std::vector<std::string>& names) {
  const auto text = text_of(page);
  for (const auto& name : names)
    EXPECT_NE(text.find("\n| `" + name + "`"), text.npos) << page << " has no row for " << name;
}

template <class Interface>
std::vector<std::string> names_of(const Registry<Interface>& registry) {
  std::vector<std::string> names;
  for (const auto& method : registry.methods())
    if (!method.name.starts_with("core-") && !method.name.starts_with("knots-")) names.push_back(method.name);
  return names;
}

/// The row of docs/formats/scenario.md that explains `key` in the table of `section`.
std::string row_of(const std::string& section, const std::string& key) {
  const auto page = text_of("docs/formats/scenario.md");
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
  expect_all_named(server::server_optimisers(), "fusion.optimiser", "method");
  expect_all_named(clients::compressors(), "compression", "method");
}

TEST(Methods, OfFusionAreAllToldOfOnTheirPages) {
  expect_rows("docs/models/fusion.md", names_of(server::fusion_rules()));
  expect_rows("docs/models/lora-cr.md", names_of(server::conflict_resolvers()));
}

}  // namespace
}  // namespace edgefuse::app
