#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "app/run/assembly.hpp"
#include "app/run/network.hpp"
#include "llm/plan.hpp"
#include "sim/units.hpp"

namespace edgefuse::app {

/// What passes the server's own link in a round that takes `clients_per_round` of those who plan to take part, each as
/// likely as any other. Under aggregators a model goes to a cell once for each variant that is asked for there, and a
/// cell's updates come as their sum (docs/models/protocols.md).
class ServerTraffic {
 public:
  /// `assembly` must outlive it.
  explicit ServerTraffic(const Assembly& assembly);

  [[nodiscard]] bool through_aggregators() const { return network_.aggregators; }

  /// A client of the fleet that would take part.
  void add(std::uint32_t client, const llm::Plan& plan);

  /// How long the server's link, and the slowest cell's backhaul where there are aggregators, are busy at least.
  [[nodiscard]] Seconds down() const;
  [[nodiscard]] Seconds up() const;

 private:
  struct Copies {
    Bytes size{};
    std::int64_t clients = 0;  // that ask for it
  };
  /// That one of them is picked.
  [[nodiscard]] double share_picked() const;
  [[nodiscard]] Seconds busy(const std::map<std::uint32_t, Bytes>& by_cell, BytesPerSecond link) const;

  const Assembly& assembly_;
  NetworkSpec network_;
  std::int64_t clients_ = 0;
  Bytes downloads_{};
  Bytes uploads_{};
  // Where there are aggregators:
  std::map<std::pair<std::uint32_t, std::uint32_t>, Copies> copies_;  // by cell and variant
  std::map<std::uint32_t, Bytes> collected_;                          // by cell
};

}  // namespace edgefuse::app
