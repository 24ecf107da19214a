#pragma once

#include <cstddef>
#include <cstdint>

namespace edgefuse::app {

/// One client's participation: which of its adapters, on which of the variants of all masks, from which version.
struct Start {
  std::uint32_t client = 0;
  std::uint32_t stream = 0;
  std::int64_t rank = 0;
  std::size_t variant = 0;
  std::int64_t version = 0;
};

}  // namespace edgefuse::app
