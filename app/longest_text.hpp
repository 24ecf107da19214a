#pragma once

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "llm/config.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {

/// The most tokens a text may have for such a model: its positions and, where attention has one, its sliding window.
[[nodiscard]] inline std::int64_t longest_text(const llm::ModelConfig& config) {
  return std::min(config.max_positions, config.sliding_window.value_or(config.max_positions));
}

/// Throws InputError when `asked` tokens, given as `option`, are more than that.
inline void require_readable(std::int64_t asked, const llm::ModelConfig& config, const char* option = "--sequence") {
  const std::int64_t most = longest_text(config);
  if (asked > most)
    throw InputError{{.key = option,
                      .problem = fmt::format("is {}, the model reads {} tokens", asked, most),
                      .remedy = fmt::format("give at most {}", most)}};
}

}  // namespace edgefuse::app
