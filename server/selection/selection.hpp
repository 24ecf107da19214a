#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "server/selection/history.hpp"
#include "sim/registry.hpp"
#include "sim/units.hpp"

namespace edgefuse::server {

/// What there is to choose from, how many are wanted, and what the server knows: predictions and the past, never the
/// future.
struct SelectionRequest {
  std::uint64_t seed = 0;
  std::uint32_t invitation = 0;  // of the run, from 1: a round's, or whenever a place becomes free
  std::uint32_t population = 0;  // clients are the numbers below it
  std::uint32_t count = 0;
  /// The only clients that can be eligible, by rising id, where that is known: spares looking at all others.
  std::optional<std::span<const std::uint32_t>> among{};
  /// Whether a client can start now: there, and not taking part already.
  std::function<bool(std::uint32_t client)> eligible;
  /// How long it would take by its own plan, from invitation to arrival; infinite when no variant fits it.
  std::function<Seconds(std::uint32_t client)> predicted;
  /// Its device class, a number from 0.
  std::function<std::uint32_t(std::uint32_t client)> device_class;
  const History* history = nullptr;  // what was seen before this invitation; null is nothing
};

/// Plug-in point: which clients take part.
class Selection {
 public:
  Selection() = default;
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;
  virtual ~Selection() = default;

  /// Distinct eligible clients by rising id, as many as wanted or all there are; a method that draws how many, or sets
  /// clients a limit of its own, says so.
  /// A pure function of the request: methods that adapt do so from the history.
  [[nodiscard]] virtual std::vector<std::uint32_t> select(const SelectionRequest& request) const = 0;

  /// Whether it goes by losses, which the timing fidelity does not have.
  [[nodiscard]] virtual bool needs_losses() const { return false; }
  /// Whether it goes by the history, which costs memory for every client that took part.
  [[nodiscard]] virtual bool looks_back() const { return needs_losses(); }
};

/// All ways to select by name.
[[nodiscard]] Registry<Selection> selections();

}  // namespace edgefuse::server
