#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/parameters.hpp"

/// What a scenario says of the pruned models that clients are offered, and of the way back. Part of scenario.hpp.
namespace edgefuse::scenarios {

enum class Budget : std::uint8_t { per_layer, global, layers };
enum class BetweenRounds : std::uint8_t { merge, carry, carry_exact };

/// Text that anybody may read.
struct PublicText {
  std::vector<std::string> paths;  // none: the generated world's own
  std::int64_t texts = 128;
  std::int64_t tokens = 128;

  friend bool operator==(const PublicText&, const PublicText&) = default;
};

/// Training of a variant's weights on public text before it is offered.
struct Alignment {
  std::int64_t steps = 0;
  std::int64_t batch = 8;
  double learning_rate = 5e-5;

  friend bool operator==(const Alignment&, const Alignment&) = default;
};

struct Pruning {
  std::string method = "magnitude";
  Parameters settings;
  std::optional<Budget> budget;  // the method's own when not written
  std::int64_t masks = 1;
  std::string policy = "fit-memory";
  Parameters policy_settings;
  std::vector<double> ratios = {0, 0.25, 0.5, 0.75};
  std::int64_t protect_first = 1;
  std::int64_t protect_last = 1;
  Alignment alignment;

  friend bool operator==(const Pruning&, const Pruning&) = default;
};

/// Training of the fused model on public text.
struct Retraining {
  std::int64_t steps = 0;
  std::int64_t batch = 8;
  std::int64_t rank = 8;
  double learning_rate = 1e-4;

  friend bool operator==(const Retraining&, const Retraining&) = default;
};

struct Recovery {
  std::string method = "zero-fill";
  Parameters settings;
  BetweenRounds between_rounds = BetweenRounds::merge;
  Retraining retraining;

  friend bool operator==(const Recovery&, const Recovery&) = default;
};

}  // namespace edgefuse::scenarios
