#pragma once

#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

/// The variant with the most parameters whose predicted peak memory fits the client's budget.
class FitMemory final : public RatioPolicy {
 public:
  [[nodiscard]] std::optional<Choice> choose(std::span<const Prospect> prospects, Bytes memory) const override;
};

[[nodiscard]] Method<RatioPolicy> fit_memory();

}  // namespace edgefuse::clients
