#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

const std::string base = (edgefuse::testing::project_root() / "data/models/atlas-base").string();

testing::Outcome bench(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bench");
  return testing::edgefuse(arguments);
}

TEST(BenchCommand, ReportsTimeTokensPeakAndMemoryOfTheSameRun) {
  const auto [code, out, err] = bench({"train", "--model", base, "--clients", "3", "--gang", "2", "--steps", "1",
                                       "--batch", "2", "--sequence", "24", "--repeats", "1", "--json"});
  ASSERT_EQ(code, 0) << err;
  const auto json = nlohmann::json::parse(out);
  const double ms = json.at("ms_per_client_step");
  EXPECT_GT(ms, 0);
  EXPECT_NEAR(json.at("tokens_per_s").get<double>(), 2 * 24 / (ms / 1e3), 1e-6 * 2 * 24 / (ms / 1e3));
  EXPECT_GT(json.at("gemm_gflops_peak"), 0.1);
  EXPECT_GT(json.at("gemm_fraction"), 0);
  EXPECT_LT(json.at("gemm_fraction"), 1.5) << "no more than the peak, but for noise";
  EXPECT_EQ(json.at("padding_fraction"), 0);
  EXPECT_GT(json.at("peak_rss_bytes"), 3'000'000) << "at least the model itself";
}

TEST(BenchCommand, NamesEveryMistakeAtOnce) {
  const auto [code, out, err] = bench({"train", "--model", base, "--clients", "0", "--targets", "q,z", "--ratio", "1"});
  EXPECT_EQ(code, 2);
  for (const char* part : {"--clients: is 0", "\"z\" is no projection", "--ratio: is 1"})
    EXPECT_NE(err.find(part), std::string::npos) << part << " is missing in:\n" << err;
}

TEST(BenchCommand, KnowsItsBenchmarks) {
  const auto [code, out, err] = bench({"trian", "--model", base});
  EXPECT_EQ(code, 2);
  EXPECT_NE(err.find("\"trian\" is no benchmark (did you mean train?)"), std::string::npos) << err;
  EXPECT_EQ(bench({}).code, 2);
  EXPECT_NE(bench({"--help"}).out.find("queue"), std::string::npos);
}

TEST(BenchCommand, ComparesEventQueuesInOneRun) {
  const auto [code, out, err] = bench({"queue", "--clients", "1000", "--events", "20000", "--repeats", "1", "--json"});
  ASSERT_EQ(code, 0) << err;
  const auto json = nlohmann::json::parse(out);
  const double ladder = json.at("events_per_s");
  EXPECT_GT(ladder, 0);
  EXPECT_GT(json.at("kernel_events_per_s"), 0);
  EXPECT_NEAR(json.at("ratio_to_closures"), ladder / json.at("closures_events_per_s").get<double>(), 1e-9);
  EXPECT_EQ(bench({"queue", "--clients", "0"}).code, 2);
}

TEST(BenchCommand, RefusesTextsLongerThanTheModelReads) {
  const auto [code, out, err] = bench({"train", "--model", base, "--sequence", "100000"});
  EXPECT_EQ(code, 2);
  EXPECT_NE(err.find("--sequence: is 100000, the model reads"), std::string::npos) << err;
}

}  // namespace
}  // namespace edgefuse::app
