#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "llm/module_id.hpp"
#include "llm/variant.hpp"
#include "server/fusion/aggregation_error.hpp"

namespace edgefuse::app {

/// What came of one module.
struct FusedModule {
  llm::ModuleId id;
  llm::MatrixShape shape;
  std::optional<std::int64_t> rank;  // of what was written, where that is factors
  double norm = 0;                   // ‖written‖_F
  double error = 0;                  // ‖written - Σ p_i D_i‖_F / ‖Σ p_i D_i‖_F
  double lost = 0;                   // ‖fused - written‖_F / ‖fused‖_F, by cutting to a rank
};

struct FusedAdapter {
  std::string name;
  double weight = 1;
  std::int64_t rank = 0;
  double scale = 1;
};

/// What `edgefuse fuse` tells about what it did.
struct FusionOutcome {
  std::string method;
  std::string conflict;
  std::vector<FusedAdapter> adapters{};
  std::vector<FusedModule> modules{};
  server::AggregationError error{};
  double lost = 0;     // ‖fused - written‖_F
  std::string output;  // lora, dense or merged

  /// ‖fused - written‖_F / ‖fused‖_F.
  [[nodiscard]] double lost_share() const;
};

[[nodiscard]] nlohmann::ordered_json json_of(const FusionOutcome& outcome, const std::string& out);
[[nodiscard]] std::string text_of(const FusionOutcome& outcome, const std::string& out);

}  // namespace edgefuse::app
