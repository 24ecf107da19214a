#pragma once

#include "server/protocol/protocol.hpp"

namespace edgefuse::server {

struct BufferedSettings {
  std::int64_t rounds = 1;
  std::int64_t concurrency = 1;  // clients on the way at any time
  std::int64_t buffer = 1;       // updates that make a fusion
  double staleness_exponent = 0.5;
  Mixing mixing{};
};

/// No rounds that clients wait for: whenever one ends another is invited, and whenever the buffer is full its updates
/// are fused into whatever the base is by then. "buffered" averages the changes, each with its discount (FedBuff,
/// Nguyen et al., 2106.06639, algorithm 1); "asynchronous" is a buffer of one whose update the base is mixed with
/// (FedAsync, Xie et al., 1903.03934).
class Buffered final : public Protocol {
 public:
  explicit Buffered(const BufferedSettings& settings) : settings_{settings} {}

  [[nodiscard]] Decision begin() override { return invitation(settings_.concurrency); }
  [[nodiscard]] Decision started(std::int64_t /*started*/) override { return {}; }
  [[nodiscard]] Decision returned() override;
  [[nodiscard]] Decision failed() override { return invitation(1); }
  [[nodiscard]] Decision fused(std::int64_t rounds) override;

  /// (1 + staleness)^-a, the polynomial of both papers.
  [[nodiscard]] double discount(std::int64_t staleness) const override;
  [[nodiscard]] Mixing mixing() const override { return settings_.mixing; }

 private:
  [[nodiscard]] static Decision invitation(std::int64_t places) { return {.invite = places, .keep_open = true}; }

  BufferedSettings settings_;
  std::int64_t buffered_ = 0;
};

[[nodiscard]] Method<Protocol> buffered();
[[nodiscard]] Method<Protocol> asynchronous();

}  // namespace edgefuse::server
