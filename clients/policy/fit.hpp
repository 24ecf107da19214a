#pragma once

#include <limits>

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// What a participation may take beside the device's memory.
struct Budgets {
  Seconds time{std::numeric_limits<double>::infinity()};
  Joules energy{std::numeric_limits<double>::infinity()};
};

/// The variant with the most parameters, and of it the largest rank, whose predicted peak memory, time and energy are
/// within their budgets.
class Fit final : public RatioPolicy {
 public:
  explicit Fit(const Budgets& budgets = {}) : budgets_{budgets} {}

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client) const override;

 private:
  /// The first budget a prospect is above, in a word; "none" when it is within all.
  [[nodiscard]] const char* exceeded(const Prospect& prospect, Bytes memory) const;

  Budgets budgets_;
};

[[nodiscard]] Method<RatioPolicy> fit_memory();
[[nodiscard]] Method<RatioPolicy> fit_deadline();
[[nodiscard]] Method<RatioPolicy> fit_energy();
[[nodiscard]] Method<RatioPolicy> fit_all();

}  // namespace edgefuse::clients
