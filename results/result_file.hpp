#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/records.hpp"

namespace edgefuse::results {

/// A result file in memory, checked: its digest was computed again from what was read.
struct ResultFile {
  RunHeader header;
  std::string digest;
  bool complete = false;  // false: the run was killed or is still going on
  Provenance provenance;  // empty as long as the run is not complete
  std::vector<ClientRow> clients;
  std::vector<RoundRow> rounds;
  std::vector<PlanRow> plans;
  std::vector<EvaluationRow> evaluation;
  std::vector<FusionRow> fusion;
  std::vector<ConflictRow> conflict;
  std::vector<ConflictPairRow> conflict_pairs;
  std::vector<EventRow> events;
};

/// Throws InputError when the file is missing, not HDF5, cut short, of an unknown schema version, not of this schema,
/// or when its content does not have the digest it states.
[[nodiscard]] ResultFile read_result(const std::filesystem::path& file);

}  // namespace edgefuse::results
