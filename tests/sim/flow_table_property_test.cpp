#include <gtest/gtest.h>

#include <map>

#include "sim/flow_table.hpp"
#include "sim/random.hpp"

namespace edgefuse::sim {
namespace {

/// Flows come and go at random, `apart` from one number to the next, and the table is compared with a map.
void live(std::uint64_t seed, std::uint32_t apart) {
  Draws draws{{.seed = seed}};
  FlowTable table;
  std::map<std::uint32_t, double> expected;
  for (int step = 0; step < 3000; ++step) {
    const auto flow = apart * static_cast<std::uint32_t>(draws.below(200));
    if (expected.erase(flow) > 0) {
      table.erase(flow);
    } else {
      table.insert({.size = 1.0 * step, .flow = flow, .branch = 0});
      expected[flow] = step;
    }
    ASSERT_EQ(table.size(), expected.size());
    for (std::uint32_t i = 0; i < 200; ++i) {
      const auto* found = table.find(apart * i);
      ASSERT_EQ(found != nullptr, expected.contains(apart * i)) << "flow " << apart * i << ", step " << step;
      if (found == nullptr) continue;
      ASSERT_EQ(found->size, expected[apart * i]) << "flow " << apart * i << ", step " << step;
    }
  }
}

TEST(FlowTableProperty, KnowsThoseThatRunAndNoOthers) {
  live(1, 1);
}

TEST(FlowTableProperty, FindsFlowsWhoseFirstPlacesCoincide) {
  // An inverse of the hash's multiplier, so that neighbours differ in the lowest bits only, which it drops.
  constexpr std::uint32_t inverse = 0x144cbc89;
  static_assert(inverse * 0x9e3779b9u == 1);
  live(2, inverse);
}

}  // namespace
}  // namespace edgefuse::sim
