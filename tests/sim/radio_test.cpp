#include "sim/radio.hpp"

#include <gtest/gtest.h>

namespace edgefuse::sim {
namespace {

/// What `radio` draws while it sends or receives at a steady rate.
double watts(const Radio& radio, JoulesPerByte each, double mbit_per_second) {
  return (radio.active + each * BytesPerSecond{mbit_per_second * 125e3}).value;
}

TEST(Radio, DrawsWhatHuangAndOthersMeasured) {
  // P = alpha * rate + beta (MobiSys 2012, table 4), at 5 Mbit/s.
  const auto& wifi = *find_radio("wifi");
  EXPECT_NEAR(watts(wifi, wifi.up, 5), 0.28317 * 5 + 0.13286, 1e-12);
  EXPECT_NEAR(watts(wifi, wifi.down, 5), 0.13701 * 5 + 0.13286, 1e-12);
  const auto& lte = *find_radio("lte");
  EXPECT_NEAR(watts(lte, lte.up, 5), 0.43839 * 5 + 1.28804, 1e-12);
  EXPECT_NEAR(watts(lte, lte.down, 5), 0.05197 * 5 + 1.28804, 1e-12);
  const auto& umts = *find_radio("3g");
  EXPECT_NEAR(watts(umts, umts.up, 5), 0.86898 * 5 + 0.81788, 1e-12);
  EXPECT_NEAR(watts(umts, umts.down, 5), 0.12212 * 5 + 0.81788, 1e-12);
}

TEST(Radio, AByteCostsTheSameHoweverFastItGoes) {
  // 1 Mbyte over LTE: 8 Mbit at 438.39 mJ.
  EXPECT_NEAR((find_radio("lte")->up * Bytes{1e6}).value, 8 * 0.43839, 1e-12);
}

TEST(Radio, EveryKindSaysWhereItsFiguresComeFrom) {
  EXPECT_EQ(radios().size(), 4u);
  for (const auto& radio : radios()) {
    EXPECT_FALSE(radio.source.empty()) << radio.name;
    EXPECT_EQ(find_radio(radio.name), &radio) << radio.name;
  }
}

TEST(Radio, AnUnknownKindIsNull) {
  EXPECT_EQ(find_radio("5g"), nullptr);
  EXPECT_EQ(find_radio(""), nullptr);
}

}  // namespace
}  // namespace edgefuse::sim
