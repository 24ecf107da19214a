#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/composer.hpp"
#include "data/question.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The texts of a run, before a tokenizer has seen them: what clients train on, and what models are judged by. Nothing
/// of `held_out`, `questions` and `composites` is ever trained on.
struct Corpus {
  std::vector<data::Example> training;
  std::vector<std::string> labels;      // one for each training example: what the partitioner divides by
  std::vector<data::Example> held_out;  // empty unless the scenario measures the loss on them
  std::vector<data::Question> questions;
  std::vector<data::CompositeQuestion> composites;
};

/// Reads or generates what `scenario.data` names. Throws InputError for an unknown source, missing or broken files,
/// and data that the scenario asks more of than there is.
[[nodiscard]] Corpus load_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);

}  // namespace edgefuse::app
