#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/parameters.hpp"

/// What a scenario says of how updates travel and what the server makes of them. Part of scenario.hpp.
namespace edgefuse::scenarios {

enum class Weights : std::uint8_t { examples, equal };

/// How the factors that go on from round to round travel to clients.
struct DownCompression {
  std::string method = "none";
  Parameters settings;

  friend bool operator==(const DownCompression&, const DownCompression&) = default;
};

/// How updates travel.
struct Compression {
  std::string method = "none";
  Parameters settings;
  bool error_feedback = false;
  DownCompression down;

  friend bool operator==(const Compression&, const Compression&) = default;
};

/// One way to make a fused model of the same updates.
struct FusionArm {
  std::string name = "fused";
  std::string rule = "weighted-mean";
  Parameters settings;
  std::string conflict = "none";
  Parameters conflict_settings;

  friend bool operator==(const FusionArm&, const FusionArm&) = default;
};

/// What makes a step of the base of a fused change.
struct ServerOptimiser {
  std::string method = "none";
  Parameters settings;

  friend bool operator==(const ServerOptimiser&, const ServerOptimiser&) = default;
};

struct Fusion {
  Weights weights = Weights::examples;
  std::string primary;          // names the arm whose model goes into the next round; the first one by default
  std::vector<FusionArm> arms;  // [[fusion.arm]], at least one once loaded
  ServerOptimiser optimiser;

  friend bool operator==(const Fusion&, const Fusion&) = default;
};

}  // namespace edgefuse::scenarios
