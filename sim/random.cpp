#include "sim/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <unordered_set>
#include <utility>

#include <Random123/philox.h>

#include "sim/expects.hpp"

namespace edgefuse::sim {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t bits64(Draws& draws) {
  const std::uint64_t high = draws.bits();
  return high << 32 | draws.bits();
}

}  // namespace

std::uint32_t Draws::bits() {
  const auto word = static_cast<std::size_t>(next_ % 4);
  if (word == 0) {
    const std::uint64_t block = next_ / 4;
    EDGEFUSE_EXPECTS(block <= std::numeric_limits<std::uint32_t>::max(), "a stream has 2^34 draws");
    const r123::Philox4x32::ctr_type counter{
        {static_cast<std::uint32_t>(block), stream_.client, stream_.round, static_cast<std::uint32_t>(stream_.domain)}};
    const r123::Philox4x32::key_type key{
        {static_cast<std::uint32_t>(stream_.seed), static_cast<std::uint32_t>(stream_.seed >> 32)}};
    const auto numbers = r123::Philox4x32{}(counter, key);
    std::copy(numbers.begin(), numbers.end(), block_.begin());
  }
  ++next_;
  return block_[word];
}

double Draws::uniform() {
  std::uint64_t bits = 0;
  while (bits == 0)
    bits = bits64(*this) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

std::uint64_t Draws::below(std::uint64_t bound) {
  EDGEFUSE_EXPECTS(bound > 0, "no number is below 0");
  Wide product = Wide{bits64(*this)} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t biased = -bound % bound;  // 2^64 mod bound: so many low halves would come once too often
    while (static_cast<std::uint64_t>(product) < biased)
      product = Wide{bits64(*this)} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Draws::normal() {
  if (std::exchange(has_spare_, false)) return spare_normal_;
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double angle = 2 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Draws::gamma(double shape) {
  EDGEFUSE_EXPECTS(shape > 0, "a gamma distribution has a positive shape");
  if (shape < 1) {
    const double larger = gamma(shape + 1);
    // Tiny shapes underflow; a draw that stays above zero keeps quotients of draws (Dirichlet) finite.
    return std::max(larger * std::pow(uniform(), 1 / shape), std::numeric_limits<double>::min());
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(uniform()) < 0.5 * x * x + d * (1 - v + std::log(v))) return d * v;
  }
}

std::vector<std::uint32_t> Draws::sample(std::uint32_t population, std::uint32_t count) {
  EDGEFUSE_EXPECTS(count <= population, "a sample without replacement is no larger than its population");
  std::vector<std::uint32_t> chosen;
  chosen.reserve(count);
  std::unordered_set<std::uint32_t> seen;  // asked for members only, never walked
  seen.reserve(count);
  for (std::uint32_t last = population - count; last < population; ++last) {
    const auto candidate = static_cast<std::uint32_t>(below(std::uint64_t{last} + 1));
    chosen.push_back(seen.contains(candidate) ? last : candidate);
    seen.insert(chosen.back());
  }
  shuffle(chosen);
  return chosen;
}

}  // namespace edgefuse::sim
