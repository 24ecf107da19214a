#include "server/fusion/disjoint_mean.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// Sums and counts of either sign for a run of entries short enough to stay in the cache while every change passes.
struct Block {
  static constexpr std::size_t size = 1024;
  std::array<double, size> positive;
  std::array<double, size> negative;  // as a positive sum
  std::array<std::uint32_t, size> positives;
  std::array<std::uint32_t, size> negatives;

  void gather(std::span<const at::Tensor> changes, std::size_t begin, std::size_t length) {
    positive.fill(0);
    negative.fill(0);
    positives.fill(0);
    negatives.fill(0);
    for (const auto& change : changes) {
      const auto values = numbers(change).subspan(begin, length);
      for (std::size_t e = 0; e < length; ++e) {
        const double x = values[e];
        positive[e] += x > 0 ? x : 0;
        negative[e] -= x < 0 ? x : 0;
        positives[e] += x > 0 ? 1 : 0;
        negatives[e] += x < 0 ? 1 : 0;
      }
    }
  }
};

/// Calls visit(block, begin, length) for all entries in order.
template <class Visit>
void for_blocks(std::span<const at::Tensor> changes, const Visit& visit) {
  EDGEFUSE_EXPECTS(!changes.empty(), "there is something to fuse");
  const auto total = static_cast<std::size_t>(changes.front().numel());
  Block block;
  for (std::size_t begin = 0; begin < total; begin += Block::size) {
    const auto length = std::min(Block::size, total - begin);
    block.gather(changes, begin, length);
    visit(block, begin, length);
  }
}

}  // namespace

std::int64_t sign_balance(std::span<const at::Tensor> changes) {
  std::int64_t balance = 0;
  for_blocks(changes, [&](const Block& block, std::size_t /*begin*/, std::size_t length) {
    for (std::size_t e = 0; e < length; ++e)
      balance += (block.positive[e] > block.negative[e]) - (block.positive[e] < block.negative[e]);
  });
  return balance;
}

at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::int64_t balance, double lambda) {
  auto result = at::empty_like(changes.front());
  const auto out = numbers(result);
  for_blocks(changes, [&](const Block& block, std::size_t begin, std::size_t length) {
    for (std::size_t e = 0; e < length; ++e) {
      const bool tie = block.positive[e] == block.negative[e];
      const bool up = tie ? balance >= 0 : block.positive[e] > block.negative[e];
      const double sum = up ? block.positive[e] : -block.negative[e];
      const auto count = up ? block.positives[e] : block.negatives[e];
      out[begin + e] = count == 0 ? 0 : static_cast<float>(lambda * sum / count);
    }
  });
  return result;
}

}  // namespace edgefuse::server
