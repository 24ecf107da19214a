#pragma once

#include <cstdint>

#include "llm/pruning/calibration.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm::testing {

/// Random tokens: `count` texts of `length`.
inline Calibration random_texts(std::int64_t vocabulary, std::int64_t count, std::int64_t length,
                                std::uint64_t seed = 5) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  Calibration calibration;
  for (std::int64_t i = 0; i < count; ++i) {
    auto& text = calibration.texts.emplace_back();
    for (std::int64_t t = 0; t < length; ++t)
      text.push_back(static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(vocabulary))));
  }
  return calibration;
}

}  // namespace edgefuse::llm::testing
