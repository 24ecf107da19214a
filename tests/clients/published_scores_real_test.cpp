#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/assets.hpp"

namespace edgefuse::clients {
namespace {

constexpr auto scores_file = "data/traces-flash/raw_ai_benchmark_list.json";
constexpr auto mlperf_file = "data/mlperf-mobile/results.tsv";

/// Peak by the arithmetic of clients/devices.toml: cores x GHz x operations a cycle, from the makers' product pages.
/// An A76 does 16 a cycle, an A55 or A53 does 8. All of
/// the list that have both an A76 and an A55, and four that have nothing but A53s.
struct Chip {
  std::string_view name;  // as AI Benchmark writes it
  double peak;            // GFLOP/s, fp32
};
constexpr auto chips_of_one_generation = std::to_array<Chip>({
    {"Snapdragon 855", 16 * (2.84 + 3 * 2.42) + 8 * 4 * 1.8},
    {"HiSilicon Kirin 990 5G", 16 * (2 * 2.86 + 2 * 2.36) + 8 * 4 * 1.95},
    {"HiSilicon Kirin 990", 16 * (2 * 2.86 + 2 * 2.09) + 8 * 4 * 1.86},
    {"HiSilicon Kirin 980", 16 * (2 * 2.6 + 2 * 1.92) + 8 * 4 * 1.8},
    {"Snapdragon 855 Plus", 16 * (2.96 + 3 * 2.42) + 8 * 4 * 1.8},
    {"HiSilicon Kirin 810", 16 * 2 * 2.27 + 8 * 6 * 1.88},
    {"Snapdragon 730", 16 * 2 * 2.2 + 8 * 6 * 1.8},
    {"Snapdragon 730G", 16 * 2 * 2.2 + 8 * 6 * 1.8},
    {"Snapdragon 675", 16 * 2 * 2.0 + 8 * 6 * 1.7},
    {"Mediatek Helio G90T", 16 * 2 * 2.05 + 8 * 6 * 2.0},
});
constexpr auto chips_of_small_cores = std::to_array<Chip>({
    {"Snapdragon 625", 8 * 8 * 2.0},
    {"Snapdragon 450", 8 * 8 * 1.8},
    {"HiSilicon Kirin 659", 8 * (4 * 2.36 + 4 * 1.7)},
    {"Mediatek Helio P35", 8 * (4 * 2.3 + 4 * 1.8)},
});

/// The median over the phones that have it of how fast its cores run floating-point networks.
double score(const nlohmann::json& phones, std::string_view chip) {
  std::vector<double> all;
  for (const auto& phone : phones) {
    if (phone.at("CPU") == chip) all.push_back(std::stod(phone.at("CPU_F_AI_Score").get<std::string>()));
  }
  EXPECT_FALSE(all.empty()) << chip << " is not in the list";
  if (all.empty()) return 1;
  std::ranges::sort(all);
  return (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
}

/// How much faster than a Snapdragon 855 it is predicted to be, over how much faster it is measured.
double error(const nlohmann::json& phones, const Chip& chip) {
  const auto& reference = chips_of_one_generation.front();
  return chip.peak / reference.peak / (score(phones, chip.name) / score(phones, reference.name));
}

nlohmann::json read_scores() {
  std::ifstream file{testing::assets() / scores_file};
  return nlohmann::json::parse(file);
}

TEST(PublishedScores, ChipsOfOneGenerationCompareAsTheirPeaksDo) {
  EDGEFUSE_NEEDS_ASSET(scores_file);
  const auto phones = read_scores();
  for (const auto& chip : chips_of_one_generation) {
    EXPECT_GT(error(phones, chip), 0.75) << chip.name;
    EXPECT_LT(error(phones, chip), 1.1) << chip.name;
  }
}

TEST(PublishedScores, SmallCoresReachHalfAsMuchOfTheirPeakOrLess) {
  EDGEFUSE_NEEDS_ASSET(scores_file);
  const auto phones = read_scores();
  for (const auto& chip : chips_of_small_cores) {
    EXPECT_GT(error(phones, chip), 1.9) << chip.name;
    EXPECT_LT(error(phones, chip), 3.5) << chip.name;
  }
}

TEST(PublishedScores, MobileBertTookTheTimesThatTheTablesOfThePageUse) {
  EDGEFUSE_NEEDS_ASSET(mlperf_file);
  std::ifstream file{testing::assets() / mlperf_file};
  int found = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("\tSD8G3\tmobileBERT\tSingleStream\t2307969\t") != std::string::npos) ++found;
    if (line.find("\tSDX_Elite\tmobileBERT\tSingleStream\t3346100\t") != std::string::npos) ++found;
  }
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace edgefuse::clients
