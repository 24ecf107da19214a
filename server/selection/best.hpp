#pragma once

#include <cstdint>
#include <vector>

namespace edgefuse::server {

/// One client and what it is ranked by: first its score, then, among equals, a number drawn for it.
struct RankedClient {
  std::uint32_t client = 0;
  double score = 0;
  double tie = 0;
};

/// The `count` best, or all where there are no more, by rising id. Higher is better; what is equal in both goes by
/// lower id.
[[nodiscard]] std::vector<std::uint32_t> best(std::vector<RankedClient> clients, std::uint64_t count);

}  // namespace edgefuse::server
