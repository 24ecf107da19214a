#include "server/conflict/cr_disjoint.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/conflict/entrywise_resolver.hpp"
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

class CrDisjoint final : public EntrywiseResolver {
 public:
  CrDisjoint(std::size_t kept, std::size_t block) : kept_{kept}, block_{block} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> /*weights*/) const override {
    const auto n = static_cast<std::size_t>(changes.front().numel());
    std::vector<std::uint8_t> in_use(n, 0);
    std::vector<std::size_t> order;
    for (auto& change : changes) {
      const auto values = numbers(change);
      for (std::size_t e = 0; e < n; ++e)
        if (in_use[e] != 0) values[e] = 0;
      for (std::size_t first = 0; first < n; first += block_) {
        const auto length = std::min(block_, n - first);
        const auto count = length == block_ ? kept_ : (kept_ * length + block_ - 1) / block_;
        keep_largest(values.subspan(first, length), std::span{in_use}.subspan(first, length), count, order);
      }
    }
  }

  std::size_t kept_;
  std::size_t block_;
};

}  // namespace

Method<ConflictResolver> cr_disjoint() {
  return {
      .name = "cr-disjoint",
      .summary = "masks that do not overlap: each change in turn keeps n of every m entries not yet taken (2503.01874)",
      .parameters = {{.name = "n",
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
                      .whole = true}},
      .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
        return std::make_unique<CrDisjoint>(static_cast<std::size_t>(number(p, "n")),
                                            static_cast<std::size_t>(number(p, "m")));
      }};
}

}  // namespace edgefuse::server
