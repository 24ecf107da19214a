#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "app/run/corpus.hpp"

namespace edgefuse::app {

// One function for each `data.source`; load_corpus finds them by name.
[[nodiscard]] Corpus atlas_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus mmlu_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus instruction_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);
[[nodiscard]] Corpus text_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets);

/// Moves `scenario.data.held_out` of each label's training examples, drawn by the seed, into `held_out`; their domain
/// becomes the label. At least one example of each label stays and, when the share is not 0, at least one leaves.
void hold_out(Corpus& corpus, const scenarios::Scenario& scenario);

/// At most `count` questions of each domain, drawn by the seed, in their order.
[[nodiscard]] std::vector<data::Question> draw_per_domain(const std::vector<data::Question>& questions,
                                                          std::int64_t count, std::uint64_t seed);

/// The files a scenario's `data.paths` mean; a folder stands for the files in it whose names match none of the
/// exclusions. Throws InputError when a path does not exist.
[[nodiscard]] std::vector<std::filesystem::path> data_files(const scenarios::Scenario& scenario,
                                                            const std::filesystem::path& assets);

}  // namespace edgefuse::app
