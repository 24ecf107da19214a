#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results/fairness.hpp"
#include "results/result_file.hpp"

namespace edgefuse::results {

/// What training at one pruning ratio with one rank came to.
struct Trained {
  std::int64_t parameters = 0;  // left in the variant
  std::int64_t clients = 0;     // that trained it, once for each round
};

/// A result in a few figures: what `edgefuse show` tells.
struct Summary {
  std::string name;
  std::string question;
  std::string fidelity;
  std::string digest;
  bool complete = false;
  std::uint64_t seed = 0;
  std::int64_t versions = 0;  // how often the server fused
  SimTime virtual_time;       // of the last fusion
  Bytes bytes_up;
  Bytes bytes_down;
  Bytes server_up;  // what the server's own link carried
  Bytes server_down;
  Joules energy;
  Bytes wasted;       // of all bytes, for updates that were not fused
  double carbon = 0;  // g CO2e
  double cost = 0;
  std::int64_t clients = 0;  // in the fleet
  // Clients' parts in rounds, summed over the rounds.
  std::int64_t started = 0;
  std::int64_t returned = 0;
  std::int64_t lost = 0;
  std::int64_t late = 0;
  std::int64_t refused = 0;
  std::int64_t sat_out = 0;
  std::map<std::string, std::int64_t> fates;  // of those parts that came to nothing; empty without plans
  double staleness = 0;                       // mean over all fused updates; 0 without any
  std::optional<Fairness> fairness;
  /// How clients trained, by pruning ratio and rank; empty when plans were not recorded.
  std::map<std::pair<double, std::int64_t>, Trained> ratios;
  std::vector<EvaluationRow> evaluation;  // the latest figure of each model, metric and domain
  std::vector<EvaluationRow> history;     // all of them
  Provenance provenance;
};

[[nodiscard]] Summary summarise(const ResultFile& result);

/// One JSON object, as docs/formats/results.md describes it.
[[nodiscard]] std::string to_json(const Summary& summary);

}  // namespace edgefuse::results
