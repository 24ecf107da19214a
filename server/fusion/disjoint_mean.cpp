#include "server/fusion/disjoint_mean.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// Weighted sums and weights of either sign for a run of entries short enough to stay in the cache while every change
/// passes.
struct Block {
  static constexpr std::size_t size = 512;
  std::array<double, size> positive;
  std::array<double, size> negative;  // as a positive sum
  std::array<double, size> positive_weight;
  std::array<double, size> negative_weight;

  void gather(std::span<const at::Tensor> changes, std::span<const double> weights, std::size_t begin,
              std::size_t length) {
    positive.fill(0);
    negative.fill(0);
    positive_weight.fill(0);
    negative_weight.fill(0);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const auto values = numbers(changes[i]).subspan(begin, length);
      const double weight = weights[i];
      for (std::size_t e = 0; e < length; ++e) {
        const double x = values[e];
        positive[e] += x > 0 ? weight * x : 0;
        negative[e] -= x < 0 ? weight * x : 0;
        positive_weight[e] += x > 0 ? weight : 0;
        negative_weight[e] += x < 0 ? weight : 0;
      }
    }
  }
};

/// Calls visit(block, begin, length) for all entries in order.
template <class Visit>
void for_blocks(std::span<const at::Tensor> changes, std::span<const double> weights, const Visit& visit) {
  EDGEFUSE_EXPECTS(!changes.empty() && changes.size() == weights.size(), "there is something to fuse, with weights");
  const auto total = static_cast<std::size_t>(changes.front().numel());
  Block block;
  for (std::size_t begin = 0; begin < total; begin += Block::size) {
    const auto length = std::min(Block::size, total - begin);
    block.gather(changes, weights, begin, length);
    visit(block, begin, length);
  }
}

std::vector<double> ones(std::span<const at::Tensor> changes) {
  return std::vector<double>(changes.size(), 1.0);
}

}  // namespace

std::int64_t sign_balance(std::span<const at::Tensor> changes) {
  std::int64_t balance = 0;
  for_blocks(changes, ones(changes), [&](const Block& block, std::size_t /*begin*/, std::size_t length) {
    for (std::size_t e = 0; e < length; ++e)
      balance += (block.positive[e] > block.negative[e]) - (block.positive[e] < block.negative[e]);
  });
  return balance;
}

at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::span<const double> weights, std::int64_t balance,
                         double lambda) {
  auto result = at::empty_like(changes.front());
  const auto out = numbers(result);
  for_blocks(changes, weights, [&](const Block& block, std::size_t begin, std::size_t length) {
    for (std::size_t e = 0; e < length; ++e) {
      const bool tie = block.positive[e] == block.negative[e];
      const bool up = tie ? balance >= 0 : block.positive[e] > block.negative[e];
      const double sum = up ? block.positive[e] : -block.negative[e];
      const double weight = up ? block.positive_weight[e] : block.negative_weight[e];
      out[begin + e] = weight == 0 ? 0 : static_cast<float>(lambda * sum / weight);
    }
  });
  return result;
}

at::Tensor disjoint_mean(std::span<const at::Tensor> changes, std::int64_t balance, double lambda) {
  return disjoint_mean(changes, ones(changes), balance, lambda);
}

}  // namespace edgefuse::server
