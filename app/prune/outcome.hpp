#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "llm/model.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/pruning/record.hpp"

namespace edgefuse::app {

/// Something before and after pruning.
template <class T>
struct Change {
  T before{};
  T after{};
};

/// What `edgefuse prune` tells about what it did. Parameters that are zero do not count: a mask removes them without
/// changing a shape.
struct PruningOutcome {
  llm::PruningRecord record;
  Change<std::int64_t> parameters;           // of the whole model
  std::vector<Change<std::int64_t>> layers;  // of each layer
  std::optional<Change<double>> perplexity;  // where there was text
  std::int64_t tokens = 0;                   // that it was measured on
};

[[nodiscard]] PruningOutcome compare(const llm::Model& base, const llm::Model& variant,
                                     const llm::PruningRecord& record, const llm::Calibration& held_out);

[[nodiscard]] nlohmann::ordered_json json_of(const PruningOutcome& outcome, const std::string& out);
[[nodiscard]] std::string text_of(const PruningOutcome& outcome);

/// Throws InputError: a model pruned unevenly cannot be pruned again, nor be the base of a run.
void require_unpruned(const llm::ModelConfig& config, const std::filesystem::path& folder);

}  // namespace edgefuse::app
