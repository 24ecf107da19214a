#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

#include "results/columns.hpp"
#include "results/metrics.hpp"
#include "results/schema_version.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::results {
namespace {

constexpr std::array<std::string_view, 4> type_names = {"integer", "number", "text", "label"};

class ResultsPage : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream stream{testing::project_root() / "docs/formats/results.md"};
    page_ = {std::istreambuf_iterator<char>{stream}, {}};
  }

  template <class Row>
  void expect_all_columns(const TableSchema<Row>& table) {
    const auto begin = page_.find(fmt::format("\n## `{}`: ", table.path));
    ASSERT_NE(begin, std::string::npos) << table.path;
    const auto section = page_.substr(begin, page_.find("\n## ", begin + 1) - begin);
    std::size_t last = 0;
    for (const auto& column : table.columns) {
      const auto row = fmt::format("| `{}` | {} | {} |", column.name,
                                   type_names[static_cast<std::size_t>(type_of(column))], column.unit);
      const auto place = section.find(row);
      EXPECT_NE(place, std::string::npos) << table.path << " has no line " << row;
      EXPECT_GT(place, last) << column.name << " is out of order";
      last = place;
    }
  }

  std::string page_;
};

TEST_F(ResultsPage, ListsEveryColumnWithItsTypeAndUnitInOrder) {
  expect_all_columns(client_table());
  expect_all_columns(plan_table());
  expect_all_columns(round_table());
  expect_all_columns(evaluation_table());
  expect_all_columns(fusion_table());
  expect_all_columns(conflict_table());
  expect_all_columns(conflict_pair_table());
  expect_all_columns(event_table());
}

TEST_F(ResultsPage, ListsEveryMetricAndOutcome) {
  for (const auto& metric : all_metrics) {
    EXPECT_NE(page_.find(fmt::format("| `{}` | {}", metric.name, metric.meaning)), std::string::npos) << metric.name;
  }
  for (const auto& label : outcome_labels())
    EXPECT_NE(page_.find(fmt::format("`{}`", label)), std::string::npos) << label;
}

TEST_F(ResultsPage, IsOfThisSchemaVersion) {
  EXPECT_TRUE(page_.starts_with(fmt::format("# Result files, schema version {}\n", schema_version)));
}

}  // namespace
}  // namespace edgefuse::results
