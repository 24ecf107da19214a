#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

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
};

/// How a client chooses its ratio and its rank among those on offer.
class RatioPolicy {
 public:
  RatioPolicy() = default;
  RatioPolicy(const RatioPolicy&) = delete;
  RatioPolicy& operator=(const RatioPolicy&) = delete;
  virtual ~RatioPolicy() = default;

  /// `prospects` is not empty; `memory` is what the client may use for training.
  [[nodiscard]] virtual Choice choose(std::span<const Prospect> prospects, Bytes memory) const = 0;
};

/// Every policy, with its parameters.
[[nodiscard]] Registry<RatioPolicy> ratio_policies();

}  // namespace edgefuse::clients
