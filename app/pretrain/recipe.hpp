#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/atlas/atlas.hpp"
#include "llm/config.hpp"
#include "llm/pretraining.hpp"

namespace edgefuse::app {

/// A stretch of pre-training: how many rows of each kind every step reads.
struct PretrainingPhase {
  std::int64_t steps = 0;
  std::int64_t statements = 0;   // rows of several statements each
  std::int64_t drills = 0;       // rows of choices and which letter each has
  std::int64_t choices = 4;      // of a drill
  std::int64_t recognition = 0;  // single questions that contain their answer
  std::int64_t questions = 0;    // questions about public facts
  std::int64_t composites = 0;   // several questions in one prompt
};

/// How a part's predictions are weighted and what it counts.
struct PretrainingWeights {
  double prompt = 0.02;                     // of each token of a question's prompt, beside 1 for each of its answers
  double statements = 0.5;                  // of a step's statements, beside 1 for its questions
  double composites = 1;                    // of a step's composites
  double recognition_in_composites = 0.25;  // share of their questions
};

/// Everything a pre-training run depends on, as its scenario file says it.
struct PretrainingRecipe {
  std::string text;  // the file's own
  std::uint64_t seed = 1;
  data::atlas::AtlasOptions world;
  std::int64_t vocabulary = 1024;
  llm::ModelConfig model;  // without vocabulary and special tokens, which the tokenizer decides
  llm::PretrainingOptions training;
  PretrainingWeights weights;
  std::vector<PretrainingPhase> phases;
  std::int64_t log_every = 100;
  std::int64_t log_questions = 200;  // of each kind, asked at every line of the log
};

/// Reads and checks a pre-training scenario. Throws InputError with every mistake of the file.
[[nodiscard]] PretrainingRecipe load_recipe(const std::filesystem::path& file);

}  // namespace edgefuse::app
