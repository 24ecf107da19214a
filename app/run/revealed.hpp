#pragma once

#include <map>
#include <span>
#include <vector>

#include "app/run/learning_task.hpp"
#include "llm/model.hpp"
#include "server/fusion/coverage.hpp"
#include "server/fusion/statistics.hpp"

namespace edgefuse::app {

/// What a client reveals about its examples, read by the variant it trained on, in the shapes of the base: of the
/// `targets` it adapted, what is in `asked`. Nothing where nothing is asked.
[[nodiscard]] std::map<llm::ModuleId, server::ModuleStatistics> revealed(const Shard& shard, const llm::Model& variant,
                                                                         const server::Coverage& coverage,
                                                                         std::span<const llm::Projection> targets,
                                                                         const llm::ModelConfig& base,
                                                                         std::span<const server::Reveals> asked);

}  // namespace edgefuse::app
