#include "server/conflict/sign_bits.hpp"

#include <bit>
#include <cstddef>

#include "llm/trim.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

template <class Predicate>
Bits bits_where(std::span<const float> values, Predicate predicate) {
  Bits bits((values.size() + 63) / 64, 0);
  for (std::size_t e = 0; e < values.size(); ++e)
    bits[e / 64] |= static_cast<std::uint64_t>(predicate(values[e])) << (e % 64);
  return bits;
}

}  // namespace

SignBits sign_bits(std::span<const float> change, double top_share) {
  std::vector<float> largest{change.begin(), change.end()};
  llm::trim_to_density(largest, top_share);
  return {.positive = bits_where(change, [](float x) { return x > 0; }),
          .negative = bits_where(change, [](float x) { return x < 0; }),
          .top = bits_where(largest, [](float x) { return x != 0; })};
}

SignOverlap overlap(const SignBits& x, const SignBits& y) {
  EDGEFUSE_EXPECTS(x.positive.size() == y.positive.size(), "the changes of one module have one shape");
  SignOverlap found;
  for (std::size_t word = 0; word < x.positive.size(); ++word) {
    const auto of_x = x.positive[word] | x.negative[word];
    const auto of_y = y.positive[word] | y.negative[word];
    const auto unlike = (x.positive[word] & y.negative[word]) | (x.negative[word] & y.positive[word]);
    found.both += std::popcount(of_x & of_y);
    found.either += std::popcount(of_x | of_y);
    found.unlike += std::popcount(unlike);
    found.both_top += std::popcount(x.top[word] & y.top[word]);
    found.either_top += std::popcount(x.top[word] | y.top[word]);
  }
  return found;
}

}  // namespace edgefuse::server
