#pragma once

#include <cstdint>
#include <vector>

#include "app/run/corpus.hpp"
#include "data/question.hpp"

namespace edgefuse::app {

/// Moves a share (above 0, below 1) of each label's training examples, drawn by the seed, into `held_out`; their domain
/// becomes the label. At least one example of each label leaves and at least one stays; the only example of a label
/// stays.
void hold_out(Corpus& corpus, double share, std::uint64_t seed);

/// At most `count` questions of each domain, drawn by the seed, in their order.
[[nodiscard]] std::vector<data::Question> draw_per_domain(const std::vector<data::Question>& questions,
                                                          std::int64_t count, std::uint64_t seed);

}  // namespace edgefuse::app
