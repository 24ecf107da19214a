#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/safetensors.hpp"
#include "server/fusion/statistics.hpp"

namespace edgefuse::app {

/// `statistics.safetensors` beside an adapter: what its trainer reveals of its texts, tensors "MODULE.gram" and
/// "MODULE.fisher", in the shapes of the model it was trained on.
inline constexpr const char* statistics_name = "statistics.safetensors";

/// Computes the statistics of `targets` that are asked for and writes them into `folder`.
void write_statistics(const llm::Model& model, const llm::Calibration& texts, std::span<const llm::Projection> targets,
                      std::span<const server::Reveals> asked, const std::filesystem::path& folder);

/// One module's; undefined what the file lacks.
[[nodiscard]] server::ModuleStatistics read_statistics(const llm::SafetensorsFile& file, llm::ModuleId module);

}  // namespace edgefuse::app
