#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/atlas/atlas.hpp"
#include "data/atlas/phrasing.hpp"
#include "data/question.hpp"
#include "sim/random.hpp"

namespace edgefuse::data::atlas {

/// A multiple-choice question for `fact`: its letter is uniform, the three others are values of the same relation.
/// Consumes `draws`; `id` is left empty.
[[nodiscard]] Question ask(const Atlas& atlas, const Fact& fact, std::string_view phrasing, sim::Draws& draws);

/// Questions to train on: every fact of `domain` with that visibility, in every training phrasing, `shuffles` times
/// with fresh distractors and order. Ids are "atlas/DOMAIN/private/train/N" and the like.
[[nodiscard]] std::vector<Question> training_questions(const Atlas& atlas, std::int64_t domain, Visibility visibility,
                                                       std::int64_t shuffles = 4);
/// Questions to test with: the same facts in every test phrasing.
[[nodiscard]] std::vector<Question> test_questions(const Atlas& atlas, std::int64_t domain, Visibility visibility,
                                                   std::int64_t shuffles = 1);

}  // namespace edgefuse::data::atlas
