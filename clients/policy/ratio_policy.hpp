#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clients/policy/prospect.hpp"
#include "sim/registry.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// The prospect taken, or nothing when none will do; and in a word what kept it from being larger, or from being any
/// ("none" when nothing did).
struct Choice {
  std::optional<std::size_t> prospect{};
  std::string binding;
  std::size_t refused = 0;  // of a client that takes none: the prospect that `binding` keeps it from
  sim::RateCaps caps{};     // what its transfers are given of the server's link
};

/// Who chooses, as far as a policy may know.
struct Chooser {
  Bytes memory{};                  // what it may use for training
  std::uint32_t device_class = 0;  // its group of the fleet
};

/// What came of a participation, as the server learns of it when a round has ended.
struct Experience {
  std::uint32_t device_class = 0;
  double ratio = 0;
  std::int64_t rank = 0;
  Seconds took{};   // from the invitation to the end of its part
  double gain = 0;  // first loss - last loss, nats per token; 0 when its update was not fused
};

struct Cohort;

/// How a client chooses its ratio and its rank among those on offer.
class RatioPolicy {
 public:
  RatioPolicy() = default;
  RatioPolicy(const RatioPolicy&) = delete;
  RatioPolicy& operator=(const RatioPolicy&) = delete;
  virtual ~RatioPolicy() = default;

  /// `prospects` is not empty. A prediction too: it may be asked at any time, as often as anybody likes.
  [[nodiscard]] virtual Choice choose(std::span<const Prospect> prospects, const Chooser& client) const = 0;

  /// Whether what one client takes hangs on who is invited with it: choose() is then what it would take alone.
  [[nodiscard]] virtual bool chooses_together() const { return false; }
  /// One choice for each of the cohort. Called only where the policy chooses together; changes nothing either.
  [[nodiscard]] virtual std::vector<Choice> choose_together(const Cohort& cohort) const;

  /// Whether it looks at Prospect::quality, and whether it learns from losses, which the timing fidelity has not.
  [[nodiscard]] virtual bool needs_quality() const { return false; }
  [[nodiscard]] virtual bool needs_losses() const { return false; }

  /// Of every participation of a round, by client id, then invitation: all that ever changes a policy.
  virtual void observe(const Experience& /*experience*/) {}
};

/// Every policy, with its parameters.
[[nodiscard]] Registry<RatioPolicy> ratio_policies();

}  // namespace edgefuse::clients
