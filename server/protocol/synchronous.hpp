#pragma once

#include "server/protocol/cohort.hpp"
#include "server/protocol/protocol.hpp"

namespace edgefuse::server {

struct SynchronousSettings {
  std::int64_t rounds = 1;
  std::int64_t clients_per_round = 1;  // updates that are waited for
  double over_selection = 0;           // so much larger a share is invited; who is last is called off
  std::int64_t quorum = 1;             // a round with fewer updates is discarded
  bool aggregators = false;
};

/// Rounds: invite a cohort, wait until enough of it have returned or all have ended, fuse, begin again (FedAvg, McMahan
/// et al., 1602.05629; over-selection and quorum as Bonawitz et al., 1902.01046, §2). A round in which everybody sits
/// out fuses nothing and is a round all the same. "hierarchical" is the same with cells' aggregators in between
/// (HierFAVG, Liu et al., 1905.06641, with one edge round for each cloud round).
class Synchronous final : public Protocol {
 public:
  explicit Synchronous(const SynchronousSettings& settings) : settings_{settings} {}

  [[nodiscard]] Decision begin() override { return invitation(); }
  [[nodiscard]] Decision started(std::int64_t started) override;
  [[nodiscard]] Decision returned() override;
  [[nodiscard]] Decision failed() override;
  [[nodiscard]] Decision fused(std::int64_t rounds) override;
  [[nodiscard]] bool through_aggregators() const override { return settings_.aggregators; }

 private:
  [[nodiscard]] Decision invitation() const;
  [[nodiscard]] Decision end_of_round() const;

  SynchronousSettings settings_;
  Cohort cohort_;
};

[[nodiscard]] Method<Protocol> synchronous();
[[nodiscard]] Method<Protocol> hierarchical();

}  // namespace edgefuse::server
