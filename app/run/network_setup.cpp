#include "app/run/network_setup.hpp"

#include <algorithm>

#include "app/run/engine_options.hpp"
#include "llm/variant.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

/// The kind of cell that a single one, counted over all kinds, is of.
const scenarios::Cell& kind_of(const scenarios::Network& network, std::int64_t cell) {
  for (const auto& kind : network.cells) {
    if (cell < kind.number) return kind;
    cell -= kind.number;
  }
  EDGEFUSE_EXPECTS(false, "clients are in cells of the scenario");
}

/// One float32 for each weight that adapters change.
Bytes dense_update(const llm::ModelConfig& config, const llm::VariantShape& whole, const llm::LoraSpec& adapter) {
  double numbers = 0;
  for (const auto& layer : whole.layers) {
    for (const auto projection : adapter.targets) {
      const auto [out, in] = llm::projection_shape(config, layer, projection);
      numbers += static_cast<double>(out * in);
    }
  }
  return Bytes{4 * numbers};
}

}  // namespace

std::vector<double> cell_shares(const scenarios::Network& network) {
  std::vector<double> shares;
  for (const auto& kind : network.cells)
    shares.insert(shares.end(), static_cast<std::size_t>(kind.number), kind.share / static_cast<double>(kind.number));
  return shares;
}

NetworkSpec make_network(const scenarios::Scenario& scenario, const BaseModel& base, bool aggregators) {
  const auto& network = scenario.network;
  NetworkSpec spec{
      .down = network.downlink,
      .up = network.uplink,
      .message_overhead = network.message_overhead,
      .aggregators = aggregators,
      .variants = base.variants.size(),
      .backhaul_latency = network.latency,
      .dense_update = dense_update(base.config, llm::full_shape(base.config), lora_spec(scenario.adapter))};
  for (const auto& kind : network.cells) {
    const CellCapacity cell{.down = kind.downlink,
                            .up = kind.uplink,
                            .backhaul = kind.backhaul.value_or(std::max(network.downlink, network.uplink))};
    spec.cells.insert(spec.cells.end(), static_cast<std::size_t>(kind.number), cell);
  }
  return spec;
}

sim::Link path_to_aggregator(const sim::Link& client, const scenarios::Network& network, std::uint32_t cell) {
  if (network.cells.empty()) return client;
  const auto& kind = kind_of(network, cell);
  return {.up = std::min(client.up, kind.uplink),
          .down = std::min(client.down, kind.downlink),
          .latency = client.latency + kind.latency};
}

sim::Link path_to_server(const sim::Link& client, const scenarios::Network& network, std::uint32_t cell) {
  const auto near = path_to_aggregator(client, network, cell);
  return {.up = std::min(near.up, network.uplink),
          .down = std::min(near.down, network.downlink),
          .latency = near.latency + network.latency};
}

}  // namespace edgefuse::app
