#pragma once

#include <cstdint>
#include <string>

/// Rows about fusion. Part of records.hpp.
namespace edgefuse::results {

/// What one arm made of a round's updates, next to their weighted mean.
struct FusionRow {
  std::int64_t round = 0;
  std::string arm;
  double norm = 0;       // ‖fused‖_F over all modules
  double mean_norm = 0;  // ‖Σ p_i ΔW_i‖_F
  double error = 0;      // ‖fused - Σ p_i ΔW_i‖_F / ‖Σ p_i ΔW_i‖_F
};

/// How much a round's updates are in each other's way in one module, before any resolution.
struct ConflictRow {
  std::int64_t round = 0;
  std::string module;
  std::int64_t clients = 0;  // that change it
  double cosine = 0;         // mean over the pairs
  double lowest = 0;         // of the worst pair
  double disagreement = 0;   // share of contested entries without unanimous sign
  double excess = 0;         // that, less what chance gives
  double cancelled = 0;      // 1 - |Σ ΔW|₁ / Σ |ΔW|₁
};

/// The same for two of them, in one module.
struct ConflictPairRow {
  std::int64_t round = 0;
  std::string module;
  std::int64_t first = 0;  // clients
  std::int64_t second = 0;
  double cosine = 0;
  double disagreement = 0;
  double excess = 0;
  double overlap = 0;
  double top_overlap = 0;
  double norm_ratio = 0;
  double rows = 0;     // mean cosine of the principal angles between row spaces; NaN of a dense change
  double columns = 0;  // the same between column spaces
};

}  // namespace edgefuse::results
