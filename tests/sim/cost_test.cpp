#include <gtest/gtest.h>

#include "sim/device.hpp"
#include "sim/energy.hpp"
#include "sim/link.hpp"
#include "sim/roofline.hpp"

namespace edgefuse::sim {
namespace {

DeviceProfile device() {
  DeviceProfile d;
  d.peak = FlopsPerSecond{2e9};
  d.utilisation = 0.5;
  d.memory_bandwidth = BytesPerSecond{4e8};
  d.ram = Bytes{8e9};
  d.usable_ram = 0.75;
  d.busy = Watts{10};
  d.idle = Watts{3};
  d.radio.up = JoulesPerByte{5e-6};
  d.radio.down = JoulesPerByte{7e-7};
  d.radio.active = Watts{2};
  return d;
}

TEST(Link, TransferTakesTheLatencyAndTheBytesOverTheRate) {
  const Link link{.up = BytesPerSecond{2e6}, .down = BytesPerSecond{1e7}, .latency = Seconds{0.05}};
  EXPECT_DOUBLE_EQ(upload_time(link, Bytes{3e6}).value, 0.05 + 1.5);
  EXPECT_DOUBLE_EQ(download_time(link, Bytes{3e6}).value, 0.05 + 0.3);
  EXPECT_DOUBLE_EQ(upload_time(link, Bytes{0}).value, 0.05);
}

TEST(Roofline, ArithmeticLimitsAStepThatMovesLittle) {
  EXPECT_DOUBLE_EQ(step_time(device(), {.flops = Flops{3e9}, .traffic = Bytes{1e8}}).value, 3);
}

TEST(Roofline, MemoryLimitsAStepThatComputesLittle) {
  EXPECT_DOUBLE_EQ(step_time(device(), {.flops = Flops{1e8}, .traffic = Bytes{1e9}}).value, 2.5);
}

TEST(Roofline, BothLimitsMeetAtTheRidge) {
  // ridge = peak * utilisation / bandwidth = 2.5 FLOP per byte
  EXPECT_DOUBLE_EQ(step_time(device(), {.flops = Flops{2.5e9}, .traffic = Bytes{1e9}}).value, 2.5);
}

TEST(Energy, ChargesTheDeviceWhileItTrains) {
  EXPECT_DOUBLE_EQ(participation_energy(device(), {.compute = Seconds{7}}).value, 70);
}

TEST(Energy, ChargesTheRadioAndTheWaitingDeviceWhileATransferLasts) {
  EXPECT_DOUBLE_EQ(participation_energy(device(), {.transfer = Seconds{4}}).value, 4 * (3 + 2));
}

TEST(Energy, ChargesEveryByteInItsDirection) {
  EXPECT_DOUBLE_EQ(participation_energy(device(), {.down = Bytes{3e6}}).value, 2.1);
  EXPECT_DOUBLE_EQ(participation_energy(device(), {.up = Bytes{3e6}}).value, 15);
}

TEST(Energy, AddsUp) {
  const Activity did{.compute = Seconds{7}, .transfer = Seconds{4}, .down = Bytes{1e6}, .up = Bytes{2e6}};
  EXPECT_DOUBLE_EQ(participation_energy(device(), did).value, 70 + 20 + 0.7 + 10);
}

TEST(Device, BudgetsTheUsableShareOfItsMemory) {
  EXPECT_DOUBLE_EQ(device().memory_budget().value, 6e9);
}

}  // namespace
}  // namespace edgefuse::sim
