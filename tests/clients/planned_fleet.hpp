#pragma once

#include "clients/fleet.hpp"
#include "clients/local_data.hpp"
#include "clients/plan.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::clients::testing {

inline const Workload small_workload{
    .examples = 21, .steps = 5, .batches = 7, .step = {.rows = 3, .sequence = 11, .labelled_share = 0.1}};

/// Three variants of a small model, and one adapter.
inline Offer small_offer() {
  Offer made{.config = llm::testing::small_config(), .variants = {}, .adapter = {}};
  made.config.layers = 3;
  for (const double ratio : {0.0, 0.3, 0.6})
    made.variants.push_back(llm::variant_shape(made.config, ratio, 1, 0));
  made.adapter.rank = 2;
  made.adapter.targets = {llm::Projection::q, llm::Projection::down};
  return made;
}

/// One client of a device whose arithmetic is slow and whose memory is fast, on a link of 5 kB/s up and 9 kB/s down.
inline Fleet fleet_of_one(Bytes memory) {
  sim::DeviceProfile d;
  d.peak = FlopsPerSecond{3e6};
  d.utilisation = 0.5;
  d.memory_bandwidth = BytesPerSecond{1e15};
  d.busy = Watts{4};
  d.idle = Watts{3};
  d.radio.up = sim::JoulesPerByte{5e-4};
  d.radio.down = sim::JoulesPerByte{7e-5};
  d.radio.active = Watts{2};
  d.link = {.up = BytesPerSecond{5e3}, .down = BytesPerSecond{9e3}, .latency = Seconds{0.25}};
  FleetSpec spec{.clients = 1};
  spec.groups = {{.device = d, .count = 1, .memory = memory}};
  return Fleet{spec};
}

}  // namespace edgefuse::clients::testing
