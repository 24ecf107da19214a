#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "llm/config.hpp"
#include "llm/model.hpp"
#include "llm/variant.hpp"

namespace edgefuse::llm {

/// `pruning.json` beside a pruned model and beside adapters trained on it: what its base was and which of the base's
/// KV-head groups and neurons are left, so that an adapter finds its way back (docs/formats/models.md).
struct PruningRecord {
  struct Layer {
    std::vector<std::int64_t> kv_heads;  // in the base's numbering, ascending
    std::vector<std::int64_t> neurons;
  };

  std::string method;
  double ratio = 0;
  std::int64_t kv_heads = 0;  // of each layer of the base
  std::int64_t neurons = 0;
  std::vector<Layer> layers;
};

inline constexpr const char* pruning_record_name = "pruning.json";

[[nodiscard]] PruningRecord pruning_record(std::string method, const ModelConfig& base, const ImportanceOrder& order,
                                           const VariantShape& shape);
/// A variant of the sorted base with what is left in the base's own order: what belongs to the record.
[[nodiscard]] Model in_base_order(const Model& variant, const ImportanceOrder& order);

void write_pruning_record(const PruningRecord& record, const std::filesystem::path& folder);
/// Reads `folder/pruning.json`. Throws InputError, with every mistake at once, for a missing or damaged file, and for
/// numbers that do not rise or that the base does not have.
[[nodiscard]] PruningRecord read_pruning_record(const std::filesystem::path& folder);

/// Throws InputError, naming `origin`, when the record is not about a base of this config.
void check_record_fits(const PruningRecord& record, const ModelConfig& config, const std::filesystem::path& origin);

}  // namespace edgefuse::llm
