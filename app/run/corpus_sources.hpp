#pragma once

#include <filesystem>
#include <vector>

#include "app/run/corpus.hpp"

namespace edgefuse::app {

// One function for each `data.source`; load_corpus finds them by name and holds examples out.
[[nodiscard]] Corpus atlas_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus mmlu_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus instruction_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus text_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);

/// Chooses and composes of `test` the questions that `scenario.evaluation` asks. Throws InputError when they do not
/// suffice, naming the key that asks too much.
void choose_questions(Corpus& corpus, const std::vector<data::Question>& test, const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
