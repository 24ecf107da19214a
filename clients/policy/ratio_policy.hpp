#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sim/registry.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// What one variant would cost a client.
struct Prospect {
  double ratio = 0;
  std::int64_t parameters = 0;
  Bytes peak_memory{};
  Bytes download{};
  Bytes upload{};
  Seconds work{};     // of computing, on the undisturbed, cool device
  Seconds compute{};  // what it expects that to take
  Seconds time{};     // from the invitation to the update's arrival
  Joules energy{};
};

/// The variant taken, or nothing when none will do; and in a word which budget kept it from being larger, or from being
/// any ("none" when nothing did).
struct Choice {
  std::optional<std::size_t> prospect{};
  std::string binding;
};

/// How a client chooses among the variants on offer.
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
