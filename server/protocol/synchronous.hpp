#pragma once

#include "server/protocol/protocol.hpp"

namespace edgefuse::server {

/// Rounds: invite a cohort, wait until the last of it has ended, fuse, begin again (FedAvg, McMahan et al.,
/// 1602.05629). A round in which everybody sits out fuses nothing and is a round all the same.
class Synchronous final : public Protocol {
 public:
  Synchronous(std::int64_t rounds, std::int64_t clients_per_round)
      : rounds_{rounds}, clients_per_round_{clients_per_round} {}

  [[nodiscard]] Decision begin() override { return {.invite = clients_per_round_}; }
  [[nodiscard]] Decision started(std::int64_t started) override {
    outstanding_ = started;
    return {.fuse = outstanding_ == 0};
  }
  [[nodiscard]] Decision ended() override { return {.fuse = --outstanding_ == 0}; }
  [[nodiscard]] Decision fused(std::int64_t fusions) override {
    return {.invite = fusions < rounds_ ? clients_per_round_ : 0};
  }

 private:
  std::int64_t rounds_;
  std::int64_t clients_per_round_;
  std::int64_t outstanding_ = 0;
};

}  // namespace edgefuse::server
