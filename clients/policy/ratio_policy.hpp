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
  Seconds work{};  // of computing, on the undisturbed, cool device
  Seconds compute{};
  Joules energy{};
};

/// The variant taken, and in a word which budget kept it from being larger ("none" when nothing did).
struct Choice {
  std::size_t prospect = 0;
  std::string binding;
};

/// How a client chooses among the variants on offer.
class RatioPolicy {
 public:
  virtual ~RatioPolicy() = default;

  /// Nothing when no variant will do. `prospects` is not empty.
  [[nodiscard]] virtual std::optional<Choice> choose(std::span<const Prospect> prospects, Bytes memory) const = 0;
};

/// Every policy, with its parameters.
[[nodiscard]] Registry<RatioPolicy> ratio_policies();

}  // namespace edgefuse::clients
