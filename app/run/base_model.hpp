#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "llm/config.hpp"
#include "llm/pruning/calibration.hpp"
#include "llm/tokenizer.hpp"
#include "llm/variant.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

struct Methods;

/// The scenario's base without its weights: all that a run's plans and texts depend on.
struct BaseModel {
  std::filesystem::path folder;
  llm::ModelConfig config;
  std::vector<llm::VariantShape> variants;    // one for each of `pruning.ratios`
  std::unique_ptr<llm::Tokenizer> tokenizer;  // null where nobody reads
  llm::Calibration calibration;               // public text to look at; empty where nothing does
  llm::Calibration held_out;                  // and to measure perplexity on; likewise
};

/// Where the embedded base lies: EDGEFUSE_DATA, else the folder the program was built from.
[[nodiscard]] std::filesystem::path embedded_base();

/// Opens what `base.model` names. `methods` is null where they could not be made: what does not hang on them is
/// checked. A shape that depends on weights is left empty: prepare_base() knows it. Throws InputError with all that is
/// wrong with its config and its tokenizer, and with what the scenario wants of it: `pruning.ratios` it cannot be
/// pruned to, `data.max_tokens` it cannot read.
[[nodiscard]] BaseModel open_base(const scenarios::Scenario& scenario, const Methods* methods,
                                  const std::filesystem::path& assets);

}  // namespace edgefuse::app
