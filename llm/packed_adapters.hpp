#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llm/training.hpp"

namespace edgefuse::llm {

/// What a gang's training came to, as bytes that another process of the same build turns back into the same bits.
/// Factors are float32.
[[nodiscard]] std::string pack(const std::vector<TrainedAdapter>& trained);
[[nodiscard]] std::vector<TrainedAdapter> unpack(std::string_view bytes);

}  // namespace edgefuse::llm
