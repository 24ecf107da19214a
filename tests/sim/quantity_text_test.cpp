#include "sim/quantity_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace edgefuse::sim {
namespace {

TEST(QuantityText, ReadsDecimalAndBinarySizes) {
  EXPECT_DOUBLE_EQ(parse_bytes("8 GB").value.value().value, 8e9);
  EXPECT_DOUBLE_EQ(parse_bytes("8 GiB").value.value().value, 8589934592.0);
  EXPECT_DOUBLE_EQ(parse_bytes(" 1.5kB ").value.value().value, 1500);
  EXPECT_DOUBLE_EQ(parse_bytes("0 B").value.value().value, 0);
  EXPECT_DOUBLE_EQ(parse_bytes("2e3 KiB").value.value().value, 2048000);
}

TEST(QuantityText, TakesEightBitsForAByte) {
  EXPECT_DOUBLE_EQ(parse_rate("20 Mbit/s").value.value().value, 2.5e6);
  EXPECT_DOUBLE_EQ(parse_rate("20 MB/s").value.value().value, 2e7);
}

TEST(QuantityText, ReadsTimesPowersEnergiesAndComputeRates) {
  EXPECT_DOUBLE_EQ(parse_seconds("30 s").value.value().value, 30);
  EXPECT_DOUBLE_EQ(parse_seconds("5 min").value.value().value, 300);
  EXPECT_DOUBLE_EQ(parse_seconds("2 h").value.value().value, 7200);
  EXPECT_DOUBLE_EQ(parse_seconds("1.5 d").value.value().value, 129600);
  EXPECT_DOUBLE_EQ(parse_seconds("20 ms").value.value().value, 0.02);
  EXPECT_DOUBLE_EQ(parse_flops_rate("1.28 TFLOP/s").value.value().value, 1.28e12);
  EXPECT_DOUBLE_EQ(parse_watts("800 mW").value.value().value, 0.8);
  EXPECT_DOUBLE_EQ(parse_joules("2 Wh").value.value().value, 7200);
}

TEST(QuantityText, RefusesANumberWithoutAUnitAndSaysWhichUnitsThereAre) {
  const auto parsed = parse_bytes("8");
  EXPECT_FALSE(parsed);
  EXPECT_EQ(parsed.problem, "\"8\" has no unit");
  EXPECT_EQ(parsed.remedy, "use a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, such as \"8 GB\"");
}

TEST(QuantityText, RefusesEveryKindOfNonsenseWithItsOwnReason) {
  EXPECT_EQ(parse_bytes("-3 GB").problem, "\"-3 GB\" is negative");
  EXPECT_EQ(parse_bytes("3 XB").problem, "\"3 XB\" has the unknown unit \"XB\"");
  EXPECT_EQ(parse_bytes("").problem, "\"\" is not a size");
  EXPECT_EQ(parse_rate("fast").problem, "\"fast\" is not a rate");
  EXPECT_EQ(parse_rate("0 B/s").problem, "\"0 B/s\" is zero");
  EXPECT_EQ(parse_rate("10 Mbps").problem, "\"10 Mbps\" has the unknown unit \"Mbps\"");
  EXPECT_EQ(parse_rate("1e-300 B/s").problem, "\"1e-300 B/s\" is less than 1 bit/s");
  EXPECT_EQ(parse_flops_rate("0 FLOP/s").problem, "\"0 FLOP/s\" is zero");
  EXPECT_EQ(parse_seconds("nan s").problem, "\"nan s\" is not finite");
  EXPECT_EQ(parse_seconds("inf s").problem, "\"inf s\" is not finite");
  EXPECT_EQ(parse_seconds("1e999 s").problem, "\"1e999 s\" has a number that is out of range");
  EXPECT_EQ(parse_bytes("1e300 TB").problem, "\"1e300 TB\" has a number that is out of range");
  EXPECT_EQ(parse_watts("1 2 W").problem, "\"1 2 W\" has the unknown unit \"2 W\"");
}

TEST(QuantityText, WritesThreeDigitsInAReadableUnit) {
  EXPECT_EQ(to_text(Bytes{1.25e9}), "1.25 GB");
  EXPECT_EQ(to_text(Bytes{0}), "0 B");
  EXPECT_EQ(to_text(Bytes{999}), "999 B");
  EXPECT_EQ(to_text(BytesPerSecond{2.5e6}), "2.50 MB/s");
  EXPECT_EQ(to_text(Seconds{0}), "0 s");
  EXPECT_EQ(to_text(Seconds{0.95}), "950 ms");
  EXPECT_EQ(to_text(Seconds{12.5}), "12.5 s");
  EXPECT_EQ(to_text(Seconds{5400}), "1.50 h");
  EXPECT_EQ(to_text(Joules{12345}), "12.3 kJ");
  EXPECT_EQ(to_text(Watts{6.5}), "6.50 W");
  EXPECT_EQ(to_text(FlopsPerSecond{1.28e12}), "1.28 TFLOP/s");
}

TEST(QuantityText, WritesWhatItReads) {
  for (const std::string text : {"1.25 GB", "12.5 kB", "999 MB"}) {
    EXPECT_EQ(to_text(parse_bytes(text).value.value()), text);
  }
}

}  // namespace
}  // namespace edgefuse::sim
