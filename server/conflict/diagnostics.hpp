#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "llm/module_id.hpp"
#include "server/conflict/subspaces.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/module_source.hpp"

namespace edgefuse::server {

// How much the changes D_i of one module are in each other's way, before any resolution. Weights play no part. All
// figures are shares, ratios or cosines without unit, in float64; none is ever NaN: each says what it is where there is
// nothing to divide by.

/// Two changes. The share of entries whose signs are unlike is 1/2 for independent changes: only the excess over it
/// tells of conflict. `top` entries are the 20 % of a module's entries that are largest in a change; for independent
/// changes their overlap is 1/9.
struct PairDiagnostics {
  std::size_t first = 0;  // indices of the contributions, first < second
  std::size_t second = 0;
  std::int64_t entries = 0;                // out·in
  std::int64_t shared = 0;                 // entries that both change
  double cosine = 0;                       // <D_i, D_j> / (‖D_i‖·‖D_j‖); 0 where either is zero
  double sign_disagreement = 0;            // share of the shared entries whose signs are unlike; 0 where none is shared
  double excess = 0;                       // that - 1/2, in [-1/2, 1/2]; 0 where none is shared
  double overlap = 0;                      // entries non-zero in both / non-zero in either; 0 where both are zero
  double top_overlap = 0;                  // the same of the top entries
  double norm_ratio = 0;                   // the smaller ‖D‖_F over the larger, in (0, 1]; 0 where either is zero
  std::optional<PrincipalCosines> rows{};  // of the row spaces, what is read from; both must be low rank
  std::optional<PrincipalCosines> columns{};  // of the column spaces, what is written to
};

/// All changes of one module. An entry that K of them change has unlike signs by chance in a share 1 - 2^(1-K) of
/// cases.
struct ModuleDiagnostics {
  llm::ModuleId module;
  std::size_t changes = 0;             // contributions that have the module
  std::int64_t entries = 0;            // out·in
  std::int64_t contested = 0;          // entries that two changes at least are non-zero in
  std::vector<PairDiagnostics> pairs;  // every two, by (first, second)
  double mean_cosine = 0;              // over the pairs; 0 without any
  double disagreement = 0;    // share of the contested entries without unanimous sign; 0 where none is contested
  double excess = 0;          // that - the mean of 1 - 2^(1-K) over the contested entries
  double cancelled_mass = 0;  // 1 - |Σ D|₁ / Σ |D|₁, in [0, 1]; 0 where all changes are zero
};

/// `parts` may be empty.
[[nodiscard]] ModuleDiagnostics diagnose(llm::ModuleId module, const ModuleParts& parts);
/// Every module, in order; one at a time in memory.
[[nodiscard]] std::vector<ModuleDiagnostics> diagnose(const ModuleSource& source);

/// The pair with the most negative cosine, the first of equals; none where there is no pair.
[[nodiscard]] const PairDiagnostics* worst_pair(const std::vector<PairDiagnostics>& pairs);

}  // namespace edgefuse::server
