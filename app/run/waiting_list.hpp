#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "sim/time.hpp"

namespace edgefuse::app {

/// Who may take a place that is kept open, and when to look at them: everybody else is known not to be there. Spares a
/// look at the whole fleet for every client that comes.
class WaitingList {
 public:
  [[nodiscard]] bool is_kept() const { return kept_; }
  void begin() { kept_ = true; }
  void end() { *this = {}; }

  void expect(std::uint32_t client, SimTime at) { expected_.push({at, client}); }
  /// When the next one is to be looked at.
  [[nodiscard]] std::optional<SimTime> next() const {
    return expected_.empty() ? std::nullopt : std::optional{expected_.top().first};
  }
  /// Takes out those whose time has come, by client id.
  [[nodiscard]] std::vector<std::uint32_t> take_due(SimTime now);

 private:
  using Expected = std::pair<SimTime, std::uint32_t>;

  bool kept_ = false;
  std::priority_queue<Expected, std::vector<Expected>, std::greater<>> expected_;
};

}  // namespace edgefuse::app
