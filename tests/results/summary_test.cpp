#include "results/summary.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/results/sample.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::results {
namespace {

Summary recorded(std::int64_t rounds) {
  const auto file = testing::scratch_folder() / "a.h5";
  (void)sample::record(file, rounds);
  return summarise(read_result(file));
}

TEST(Summary, AddsUpTheRounds) {
  const auto s = recorded(3);
  EXPECT_EQ(s.versions, 3);
  EXPECT_EQ(s.virtual_time.nanoseconds, 3'000'000'021);
  EXPECT_EQ(s.bytes_up, Bytes{6000});
  EXPECT_EQ(s.bytes_down, Bytes{15e6});
  EXPECT_EQ(s.energy, Joules{37.5});
  EXPECT_EQ(s.clients, 3);
  EXPECT_EQ(s.started, 6);
  EXPECT_EQ(s.lost, 3);
  EXPECT_EQ(s.sat_out, 3);
}

TEST(Summary, KeepsTheLatestFigureOfEachModel) {
  const auto s = recorded(3);
  ASSERT_EQ(s.evaluation.size(), 3U);
  EXPECT_EQ(s.evaluation[1].model, "fused");
  EXPECT_EQ(s.evaluation[1].value, 0.53);
  EXPECT_EQ(s.evaluation[1].round, 3);
  EXPECT_EQ(s.history.size(), 9U);
}

TEST(Summary, IsOneJsonObjectWithTheAgreedKeys) {
  const auto s = recorded(2);
  const auto json = nlohmann::json::parse(to_json(s));
  EXPECT_EQ(json.at("name"), "sample");
  EXPECT_EQ(json.at("digest"), s.digest);
  EXPECT_EQ(json.at("complete"), true);
  EXPECT_EQ(json.at("versions"), 2);
  EXPECT_DOUBLE_EQ(json.at("virtual_seconds"), 2.000000014);
  EXPECT_EQ(json.at("bytes_up"), 3000);
  EXPECT_EQ(json.at("bytes_down"), 1e7);
  EXPECT_EQ(json.at("joules"), 25);
  ASSERT_EQ(json.at("evaluation").size(), 3U);
  const auto& fused = json.at("evaluation")[1];
  EXPECT_EQ(fused.at("model"), "fused");
  EXPECT_EQ(fused.at("metric"), "accuracy");
  EXPECT_EQ(fused.at("domain"), "all");
  EXPECT_DOUBLE_EQ(fused.at("value"), 0.52);
  EXPECT_DOUBLE_EQ(fused.at("low"), 0.47);
  EXPECT_DOUBLE_EQ(fused.at("high"), 0.57);
  EXPECT_EQ(fused.at("n"), 200);
  EXPECT_TRUE(fused.at("chance").is_null()) << "NaN: nobody says what guessing gives";
  EXPECT_EQ(json.at("history").size(), 6U);
  ASSERT_EQ(json.at("ratios").size(), 1U);
  EXPECT_EQ(json.at("ratios")[0].at("ratio"), 0.25);
  EXPECT_EQ(json.at("ratios")[0].at("rank"), 8);
  EXPECT_EQ(json.at("ratios")[0].at("parameters"), 61000);
  EXPECT_EQ(json.at("ratios")[0].at("clients"), 4);
}

TEST(Summary, OfARunWithoutRoundsIsZero) {
  const auto s = recorded(0);
  EXPECT_EQ(s.versions, 0);
  EXPECT_EQ(s.virtual_time, SimTime{});
  EXPECT_TRUE(s.complete);
}

}  // namespace
}  // namespace edgefuse::results
