#include "clients/device_catalogue.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "clients/devices_toml.hpp"
#include "sim/error.hpp"

namespace edgefuse::clients {
namespace {

constexpr std::string_view complete = R"([[device]]
name = "toaster"
kind = "board"
precision = "fp32"
peak = "2 GFLOP/s"
utilisation = 0.5
memory_bandwidth = "1.5 GB/s"
ram = "512 MiB"
usable_ram = 0.25
busy = "3 W"
idle = "900 mW"
radio = "wifi"
uplink = "8 Mbit/s"
downlink = "16 Mbit/s"
latency = "30 ms"
[device.source]
peak = "a"
utilisation = "b"
memory_bandwidth = "c"
ram = "d"
usable_ram = "e"
busy = "f"
idle = "k"
radio = "g"
uplink = "h"
downlink = "i"
latency = "j"
)";

std::string replaced(std::string_view what, std::string_view by) {
  std::string text{complete};
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string message(const std::string& text) {
  try {
    static_cast<void>(parse_device_catalogue(text, "d.toml"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeviceCatalogue, ReadsEveryFigureInItsUnit) {
  const auto catalogue = parse_device_catalogue(complete, "d.toml");
  const auto& d = catalogue.find("toaster");
  EXPECT_EQ(d.kind, "board");
  EXPECT_EQ(d.precision, "fp32");
  EXPECT_DOUBLE_EQ(d.peak.value, 2e9);
  EXPECT_DOUBLE_EQ(d.utilisation, 0.5);
  EXPECT_DOUBLE_EQ(d.memory_bandwidth.value, 1.5e9);
  EXPECT_DOUBLE_EQ(d.memory_budget().value, 0.25 * 512 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(d.busy.value, 3);
  EXPECT_DOUBLE_EQ(d.idle.value, 0.9);
  EXPECT_EQ(d.radio.name, "wifi");
  EXPECT_DOUBLE_EQ(d.link.up.value, 1e6);
  EXPECT_DOUBLE_EQ(d.link.down.value, 2e6);
  EXPECT_DOUBLE_EQ(d.link.latency.value, 0.03);
}

TEST(DeviceCatalogue, ADeviceHangsOnTheMainsAndNeverThrottlesUnlessItSaysOtherwise) {
  const auto catalogue = parse_device_catalogue(complete, "d.toml");
  EXPECT_FALSE(catalogue.find("toaster").battery.has_value());
  EXPECT_FALSE(catalogue.find("toaster").throttling.has_value());
}

/// `complete` with a battery and throttling, and their sources.
std::string pocketable() {
  return replaced("latency = \"30 ms\"\n[device.source]\n",
                  "latency = \"30 ms\"\n"
                  "battery = \"2 Wh\"\nthrottle_after = \"10 min\"\nthrottled_speed = 0.6\n"
                  "[device.source]\nbattery = \"l\"\nthrottle_after = \"m\"\nthrottled_speed = \"n\"\n");
}

std::string without(std::string text, std::string_view line) {
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.erase(at, line.size());
}

TEST(DeviceCatalogue, ReadsABatteryAndThrottling) {
  const auto catalogue = parse_device_catalogue(pocketable(), "d.toml");
  const auto& d = catalogue.find("toaster");
  EXPECT_DOUBLE_EQ(d.battery.value().value, 7200);
  EXPECT_DOUBLE_EQ(d.throttling.value().after.value, 600);
  EXPECT_DOUBLE_EQ(d.throttling.value().speed, 0.6);
}

TEST(DeviceCatalogue, WantsBothFiguresOfThrottlingOrNeither) {
  EXPECT_EQ(message(without(without(pocketable(), "throttled_speed = 0.6\n"), "throttled_speed = \"n\"\n")),
            "d.toml:1: device[0].throttled_speed: is missing (add throttled_speed = 0.5)");
  EXPECT_EQ(message(without(without(pocketable(), "throttle_after = \"10 min\"\n"), "throttle_after = \"m\"\n")),
            "d.toml:1: device[0].throttle_after: is missing (add throttle_after = a number with its unit, in quotes)");
}

TEST(DeviceCatalogue, WantsTheSourceOfEveryFigureThatIsThereAndOfNoOther) {
  EXPECT_EQ(message(without(pocketable(), "battery = \"l\"\n")),
            "d.toml:19: device[0].source.battery: is missing (say where the figure is published, or "
            "\"assumption: ...\")");
  EXPECT_EQ(message(without(pocketable(), "battery = \"2 Wh\"\n")),
            "d.toml:19: device[0].source.battery: is the source of nothing (add battery to the device, or remove it)");
}

TEST(DeviceCatalogue, RefusesAnEmptyBattery) {
  auto text = pocketable();
  EXPECT_EQ(message(text.replace(text.find("2 Wh"), 4, "0 Wh")),
            "d.toml:16: device[0].battery: is zero (leave it out for what hangs on the mains)");
}

TEST(DeviceCatalogue, KnowsKindsOfRadioAndSuggestsTheNearest) {
  EXPECT_EQ(message(replaced("radio = \"wifi\"", "radio = \"wiffi\"")),
            "d.toml:12: device[0].radio: unknown kind \"wiffi\" (did you mean \"wifi\"?)");
  EXPECT_EQ(message(replaced("radio = \"wifi\"", "radio = \"carrier pigeon\"")),
            "d.toml:12: device[0].radio: unknown kind \"carrier pigeon\" (use one of wifi, lte, 3g, ethernet)");
  EXPECT_EQ(message(replaced("radio = \"wifi\"", "radio = 3")),
            "d.toml:12: device[0].radio: is not a name (use text in quotes)");
}

TEST(DeviceCatalogue, BatteriesAreInWhatPeopleCarry) {
  const auto catalogue = built_in_devices();
  for (const auto& device : catalogue.devices()) {
    EXPECT_EQ(device.battery.has_value(), device.kind != "board") << device.name;
    EXPECT_EQ(device.throttling.has_value(), device.kind == "phone") << device.name;
    EXPECT_GT(device.idle, Watts{}) << device.name;
    EXPECT_LT(device.idle, device.busy) << device.name;
  }
  EXPECT_DOUBLE_EQ(catalogue.find("phone-midrange").battery.value().value, 19.25 * 3600);
}

TEST(DeviceCatalogue, TheBuiltInOneHoldsBoardsPhonesAndALaptop) {
  const auto catalogue = built_in_devices();
  for (const auto* name : {"raspberry-pi-5", "jetson-orin-nano", "jetson-orin-nx", "jetson-agx-orin"}) {
    EXPECT_EQ(catalogue.find(name).kind, "board") << name;
  }
  EXPECT_EQ(catalogue.find("phone-midrange").kind, "phone");
  EXPECT_EQ(catalogue.find("phone-flagship").kind, "phone");
  EXPECT_EQ(catalogue.find("laptop").kind, "laptop");
  // Published elsewhere as 1.28, 1.88 and 5.32 TFLOP/s, so the units of the file were read right.
  EXPECT_DOUBLE_EQ(catalogue.find("jetson-orin-nano").peak.value, 1024 * 2 * 625e6);
  EXPECT_NEAR(catalogue.find("jetson-orin-nx").peak.value, 1024 * 2 * 918e6, 1e9);
  EXPECT_NEAR(catalogue.find("jetson-agx-orin").peak.value, 2048 * 2 * 1.3e9, 5e9);
}

TEST(DeviceCatalogue, SuggestsTheNearestDevice) {
  const auto catalogue = parse_device_catalogue(complete, "d.toml");
  try {
    static_cast<void>(catalogue.find("toster", {.file = "s.toml", .line = 4, .key = "fleet.group[0].device"}));
    FAIL() << "the device was found";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("s.toml:4: fleet.group[0].device: unknown device class \"toster\"")) << text;
    EXPECT_NE(text.find("did you mean \"toaster\""), std::string::npos) << text;
  }
}

TEST(DeviceCatalogue, NamesEachMistakeWithItsLineAndARemedy) {
  EXPECT_EQ(message(replaced("\"2 GFLOP/s\"", "2")),
            "d.toml:5: device[0].peak: is not a quantity in quotes (use a number with FLOP/s, kFLOP/s, MFLOP/s, "
            "GFLOP/s, TFLOP/s or PFLOP/s, such as \"1.28 TFLOP/s\")");
  EXPECT_EQ(message(replaced("\"512 MiB\"", "\"-512 MiB\"")),
            "d.toml:8: device[0].ram: \"-512 MiB\" is negative (use a number with B, kB, MB, GB, TB, KiB, MiB, GiB or "
            "TiB, such as \"8 GB\")");
  EXPECT_EQ(message(replaced("busy =", "bussy =")),
            "d.toml:1: device[0].busy: is missing (add busy = a number with its unit, in quotes)\n"
            "d.toml:10: device[0].bussy: unknown key (did you mean busy?)");
  EXPECT_EQ(message(replaced("usable_ram = 0.25", "usable_ram = 1.25")),
            "d.toml:9: device[0].usable_ram: is not a share (use a number above 0, at most 1)");
  EXPECT_EQ(message(replaced("kind = \"board\"", "kind = 3")),
            "d.toml:3: device[0].kind: is not a name (use text in quotes)");
  EXPECT_EQ(
      message(replaced("radio = \"g\"", "")),
      "d.toml:16: device[0].source.radio: is missing (say where the figure is published, or \"assumption: ...\")");
  EXPECT_EQ(message("devices = 3"),
            "d.toml:1: devices: unknown key (use [[device]] tables)\n"
            "d.toml: device: there is no device (add a [[device]] table)");
}

TEST(DeviceCatalogue, RefusesTwoDevicesOfOneName) {
  const auto twice = message(std::string{complete} + std::string{complete});
  EXPECT_EQ(twice, "d.toml:28: device[1].name: there are two devices \"toaster\" (rename one)");
}

TEST(DeviceCatalogue, SaysWhereTheTomlIsBroken) {
  EXPECT_TRUE(message("[[device]]\nname = \n").starts_with("d.toml:2: is no TOML: "))
      << message("[[device]]\nname = \n");
}

}  // namespace
}  // namespace edgefuse::clients
