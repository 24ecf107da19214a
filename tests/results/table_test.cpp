#include "results/table.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <sstream>

#include "results/metrics.hpp"

namespace edgefuse::results {
namespace {

Summary summary() {
  Summary s;
  s.name = "quickstart";
  s.question = "Do adapters fuse?";
  s.fidelity = "learning";
  s.seed = 2026;
  s.complete = true;
  s.digest = std::string(64, 'd');
  s.versions = 1;
  s.virtual_time = SimTime{8'316'000'000'000};
  s.bytes_up = Bytes{12.4e6};
  s.bytes_down = Bytes{1.5e9};
  s.energy = Joules{4100};
  s.clients = 48;
  s.started = 46;
  s.returned = 45;
  s.refused = 1;
  s.sat_out = 2;
  s.ratios = {{{0, 8}, {100, 30}}, {{0.25, 8}, {80, 12}}, {{0.5, 8}, {60, 4}}};
  const auto add = [&](const char* model, std::string_view metric, const char* domain, double value, double half,
                       double chance = 0.25) {
    s.evaluation.push_back({1, model, std::string{metric}, domain, value, value - half, value + half, 800, chance});
  };
  for (const auto* model : {"base", "adapter:law", "adapter:music", "fused", "fused+cr-sign"}) {
    const bool fused = std::string_view{model}.starts_with("fused");
    add(model, metric::accuracy, "all", fused ? 0.624 : 0.43, 0.033);
    add(model, metric::accuracy, "law", std::string_view{model} == "adapter:law" ? 0.911 : 0.41, 0.05);
    add(model, metric::accuracy, "music", 0.4, 0.05);
    add(model, metric::composite_all, "all", fused ? 0.07 : 0.12, 0.02, 0.0625);
    add(model, metric::composite_each, "all", 0.26, 0.02);
  }
  return s;
}

std::size_t screen_width(std::string_view line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto length = static_cast<std::size_t>(first < 0x80 ? 1 : std::countl_one(first));
    if (first >= 0x80 && length < 2) return false;
    for (std::size_t k = 1; k < length; ++k)
      if (i + k >= text.size() || (text[i + k] & 0xC0) != 0x80) return false;
    i += length;
  }
  return true;
}

void expect_fits_a_terminal(const std::string& table) {
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(screen_width(line), 100U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Table, ReadsAtMidnight) {
  const auto table = to_table(summary());
  EXPECT_EQ(table, R"(quickstart   seed 2026, fidelity learning
Do adapters fuse?

                single-domain       on its own domain   cross-domain        cross-domain
model           % right             % right             % all correct       % per question
                n = 800             n = 800             n = 800             n = 800
───────────────────────────────────────────────────────────────────────────────────────────────
base            43.0 [39.7 46.3]                        12.0 [10.0 14.0]    26.0 [24.0 28.0]≈

adapter:law     43.0 [39.7 46.3]    91.1 [86.1 96.1]    12.0 [10.0 14.0]    26.0 [24.0 28.0]≈
adapter:music   43.0 [39.7 46.3]    40.0 [35.0 45.0]    12.0 [10.0 14.0]    26.0 [24.0 28.0]≈

fused           62.4 [59.1 65.7]                         7.0 [ 5.0  9.0]▼≈  26.0 [24.0 28.0]≈
fused+cr-sign   62.4 [59.1 65.7]                         7.0 [ 5.0  9.0]▼≈  26.0 [24.0 28.0]≈

In brackets: 95 % intervals.
▼ clearly worse than the base: their 95 % intervals do not overlap
≈ not distinguishable from guessing (25 % per question, 6.25 % all correct)

virtual time  2.31 h, 1 version
clients       48 in the fleet, 48 picked: 45 returned, 1 refused, 2 sat out
pruning       30 at ratio 0, 12 at 0.25, 4 at 0.5; rank 8
traffic       12.4 MB up, 1.50 GB down
energy        4.10 kJ
digest        dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
)");
  expect_fits_a_terminal(table);
}

TEST(Table, TellsOfTheServersLinkWhereAggregatorsSpareIt) {
  auto s = summary();
  s.server_up = s.bytes_up;
  s.server_down = s.bytes_down;
  EXPECT_EQ(to_table(s).find("server's link"), std::string::npos) << to_table(s);
  s.server_down = Bytes{0.5e9};
  EXPECT_NE(to_table(s).find("\nserver's link 12.4 MB in, 500 MB out\n"), std::string::npos) << to_table(s);
}

TEST(Table, CountsRanksWhereTheyDiffer) {
  auto s = summary();
  s.ratios = {{{0, 4}, {100, 2}}, {{0, 8}, {100, 3}}, {{0.5, 8}, {60, 4}}};
  EXPECT_NE(to_table(s).find("pruning       5 at ratio 0, 4 at 0.5\nadapters      2 of rank 4, 7 of rank 8\n"),
            std::string::npos)
      << to_table(s);
}

TEST(Table, SaysThatNothingWasEvaluated) {
  auto s = summary();
  s.evaluation.clear();
  EXPECT_NE(to_table(s).find("Nothing was evaluated: "), std::string::npos);
}

TEST(Table, SaysThatARunIsNotComplete) {
  auto s = summary();
  s.complete = false;
  EXPECT_NE(to_table(s).find("NOT COMPLETE"), std::string::npos);
}

TEST(Table, ShowsLossesWithLowerAsBetter) {
  auto s = summary();
  s.evaluation = {{0, "base", "loss", "all", 3.25, 3.2, 3.3, 80}, {1, "fused", "loss", "all", 3.5, 3.4, 3.6, 80}};
  EXPECT_NE(to_table(s).find("fused  3.500 [3.400 3.600]▼"), std::string::npos) << to_table(s);
}

TEST(Table, MarksAsWorseThanTheBaseOnlyWhatIsSoBeyondTheirIntervals) {
  auto s = summary();
  s.evaluation = {{0, "base", "accuracy", "all", 0.6, 0.55, 0.65, 80},
                  {1, "lower", "accuracy", "all", 0.5, 0.45, 0.55, 80},
                  {1, "lowest", "accuracy", "all", 0.49, 0.44, 0.54, 80}};
  const auto table = to_table(s);
  EXPECT_EQ(table.find("50.0 [45.0 55.0]▼"), std::string::npos) << "the intervals touch\n" << table;
  EXPECT_NE(table.find("49.0 [44.0 54.0]▼"), std::string::npos) << table;
}

TEST(Table, FitsATerminalWithEveryMetricAndLongNames) {
  auto s = summary();
  for (const std::string model :
       {"base", "adapter:high_school_government_and_politics", "adapter:gouvernement_français_et_société_à_l’école",
        "adapter:高校の政治と経済と歴史と地理と倫理の先生"}) {
    for (const auto& metric : all_metrics) {
      for (const auto* domain : {"all", "high_school_government_and_politics"}) {
        s.evaluation.push_back({1, model, std::string{metric.name}, domain, 1, 0.991, 1, 12});
      }
    }
  }
  const auto table = to_table(s);
  expect_fits_a_terminal(table);
  EXPECT_TRUE(is_utf8(table)) << table;
}

TEST(Table, MarksNothingThatIsBetterThanBaseAndChance) {
  auto s = summary();
  s.evaluation = {{0, "base", "accuracy", "all", 0.5, 0.45, 0.55, 80},
                  {1, "fused", "accuracy", "all", 0.6, 0.55, 0.65, 80}};
  const auto table = to_table(s);
  EXPECT_EQ(table.find("▼"), std::string::npos) << table;
  EXPECT_EQ(table.find("≈"), std::string::npos) << table;
}

}  // namespace
}  // namespace edgefuse::results
