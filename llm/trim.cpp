#include "llm/trim.hpp"

#include <bit>
#include <cmath>
#include <cstddef>

namespace edgefuse::llm {
namespace {

constexpr std::size_t bins = 1U << 16U;

std::uint32_t magnitude_bits(float x) {
  return std::bit_cast<std::uint32_t>(x) & 0x7fff'ffffU;
}

/// The bin that holds the `wanted`-th largest; `wanted` becomes its place within that bin.
std::uint32_t bin_of(const std::vector<std::uint64_t>& counts, std::uint64_t& wanted) {
  auto bin = counts.size() - 1;
  while (counts[bin] < wanted)
    wanted -= counts[bin--];
  return static_cast<std::uint32_t>(bin);
}

}  // namespace

Trim::Trim(double density) : density_{density}, counts_(bins, 0) {}

void Trim::count_upper(std::span<const float> piece) {
  for (const auto x : piece)
    ++counts_[magnitude_bits(x) >> 16U];
  total_ += piece.size();
}

void Trim::settle_upper() {
  wanted_ = static_cast<std::uint64_t>(std::floor(density_ * static_cast<double>(total_)));
  if (wanted_ > 0) smallest_kept_ = bin_of(counts_, wanted_) << 16U;
  counts_.assign(bins, 0);
}

void Trim::count_lower(std::span<const float> piece) {
  const auto upper = smallest_kept_ >> 16U;
  for (const auto x : piece) {
    const auto bits = magnitude_bits(x);
    if (bits >> 16U == upper) ++counts_[bits & 0xffffU];
  }
}

void Trim::settle_lower() {
  if (wanted_ > 0) {
    smallest_kept_ |= bin_of(counts_, wanted_);
  } else {
    smallest_kept_ = 0x7fff'ffffU;  // above every finite magnitude: nothing is kept
  }
  equal_left_ = wanted_;
  counts_ = {};
}

void Trim::trim(std::span<float> piece) {
  for (auto& x : piece) {
    const auto bits = magnitude_bits(x);
    if (bits > smallest_kept_) continue;
    if (bits == smallest_kept_ && equal_left_ > 0) {
      --equal_left_;
    } else {
      x = 0;
    }
  }
}

void trim_to_density(std::span<float> values, double density) {
  Trim trim{density};
  trim.count_upper(values);
  trim.settle_upper();
  trim.count_lower(values);
  trim.settle_lower();
  trim.trim(values);
}

}  // namespace edgefuse::llm
