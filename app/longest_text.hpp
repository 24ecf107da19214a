#pragma once

#include <algorithm>
#include <cstdint>

#include "llm/config.hpp"

namespace edgefuse::app {

/// The most tokens a text may have for such a model: its positions and, where attention has one, its sliding window.
[[nodiscard]] inline std::int64_t longest_text(const llm::ModelConfig& config) {
  return std::min(config.max_positions, config.sliding_window.value_or(config.max_positions));
}

}  // namespace edgefuse::app
