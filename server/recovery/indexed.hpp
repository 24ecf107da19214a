#pragma once

#include <filesystem>

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/pruning/record.hpp"

namespace edgefuse::server {

/// Zero-fill of an adapter that comes as files: trained on a pruned model whose `pruning.json` says what was kept, to
/// the shapes of the base in the base's own order. Rows of B (q, k, v, gate, up) and columns of A (o, down) go where
/// the record says; the rest is zero. Throws InputError naming `origin` when the record is about another base, and for
/// every module whose factors do not have the record's sizes.
[[nodiscard]] llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::PruningRecord& record,
                                           const llm::ModelConfig& base, const std::filesystem::path& origin);

}  // namespace edgefuse::server
