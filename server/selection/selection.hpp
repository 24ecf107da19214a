#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/registry.hpp"

namespace edgefuse::server {

/// What there is to choose from: the clients that may start now, and how many are wanted.
struct SelectionRequest {
  std::uint64_t seed = 0;
  std::uint32_t round = 0;
  std::span<const std::uint32_t> candidates;  // distinct, in any order
  std::uint32_t count = 0;
};

/// Plug-in point: which clients take part.
class Selection {
 public:
  Selection() = default;
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;
  virtual ~Selection() = default;

  /// min(count, candidates) distinct clients by rising id: a pure function of the request's contents, whatever the
  /// order of the candidates.
  [[nodiscard]] virtual std::vector<std::uint32_t> select(const SelectionRequest& request) const = 0;
};

/// All ways to select by name.
[[nodiscard]] Registry<Selection> selections();

}  // namespace edgefuse::server
