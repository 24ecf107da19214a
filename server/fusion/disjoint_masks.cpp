#include "server/fusion/disjoint_masks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

/// Keeps the `count` largest magnitudes of one block, the earlier of equals, and zeroes the rest; entries in use are
/// zero by then. What is kept is in use from now on.
void keep_largest(std::span<float> block, std::span<std::uint8_t> in_use, std::size_t count,
                  std::vector<std::size_t>& order) {
  order.clear();
  for (std::size_t e = 0; e < block.size(); ++e)
    if (block[e] != 0) order.push_back(e);
  if (order.size() > count) {
    const auto larger = [block](std::size_t x, std::size_t y) {
      const float of_x = std::abs(block[x]);
      const float of_y = std::abs(block[y]);
      return of_x != of_y ? of_x > of_y : x < y;
    };
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(order.begin(), end, order.end(), larger);
    std::for_each(end, order.end(), [block](std::size_t e) { block[e] = 0; });
    order.erase(end, order.end());
  }
  for (const auto e : order)
    in_use[e] = 1;
}

}  // namespace

void keep_disjoint(std::span<at::Tensor> changes, std::size_t n, std::size_t m) {
  const auto size = static_cast<std::size_t>(changes.front().numel());
  std::vector<std::uint8_t> in_use(size, 0);
  std::vector<std::size_t> order;
  for (auto& change : changes) {
    const auto values = numbers(change);
    for (std::size_t e = 0; e < size; ++e)
      if (in_use[e] != 0) values[e] = 0;
    for (std::size_t first = 0; first < size; first += m) {
      const auto length = std::min(m, size - first);
      const auto count = length == m ? n : (n * length + m - 1) / m;
      keep_largest(values.subspan(first, length), std::span{in_use}.subspan(first, length), count, order);
    }
  }
}

std::vector<ParameterSpec> parameters_of_masks() {
  return {{.name = "n",
           .standard = 64.0,
           .meaning = "entries of a block that each change keeps; all that are left where n is m or more",
           .least = 0,
           .most = 1e9,
           .whole = true},
          {.name = "m",
           .standard = 256.0,
           .meaning = "consecutive entries in a block",
           .least = 1,
           .most = 1e9,
           .whole = true}};
}

}  // namespace edgefuse::server
