#pragma once

#include "server/protocol/cohort.hpp"
#include "server/protocol/protocol.hpp"

namespace edgefuse::server {

struct DeadlineSettings {
  std::int64_t rounds = 1;
  std::int64_t clients_per_round = 1;  // clients on the way at the beginning of a window
  std::int64_t quorum = 1;             // a window with fewer updates is discarded
  Seconds window{};
  bool keep_late = false;  // who is late goes on, and is fused with the window it returns in
};

/// Semi-synchronous windows: whatever has come back when the deadline passes is fused; a window ends early when nobody
/// is on the way any more. Who is late is called off (FedCS, Nishio and Yonetani, 1804.08333, round by round) or goes
/// on and arrives stale (SAFA, Wu et al., 1910.01355, without its cache).
class Deadline final : public Protocol {
 public:
  explicit Deadline(const DeadlineSettings& settings) : settings_{settings} {}

  [[nodiscard]] Decision begin() override;
  [[nodiscard]] Decision started(std::int64_t started) override;
  [[nodiscard]] Decision returned() override;
  [[nodiscard]] Decision failed() override;
  [[nodiscard]] Decision woke() override;
  [[nodiscard]] Decision fused(std::int64_t rounds) override;

 private:
  [[nodiscard]] Decision end_of_window() const;

  DeadlineSettings settings_;
  Cohort cohort_;
};

[[nodiscard]] Method<Protocol> deadline();

}  // namespace edgefuse::server
