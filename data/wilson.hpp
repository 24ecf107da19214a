#pragma once

#include <cstdint>

#include "data/bootstrap.hpp"

namespace edgefuse::data {

/// A share of successes with Wilson's 95 % score interval (Wilson 1927). Unlike the bootstrap's it is not of zero width
/// when all or none succeed, which makes it the one for "above chance?". 0 <= successes <= trials, trials > 0.
[[nodiscard]] Interval wilson(std::int64_t successes, std::int64_t trials);

}  // namespace edgefuse::data
