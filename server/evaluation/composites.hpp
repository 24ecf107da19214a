#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/composer.hpp"
#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"
#include "server/evaluation/questions.hpp"
#include "server/evaluation/score.hpp"

namespace edgefuse::server {

/// Cross-domain instances of K questions as one tokenizer writes them: made once, scored by many models.
struct EncodedComposites {
  std::vector<std::vector<std::int64_t>> prompts;  // up to and with "Answers: Q1:" and the letters' lead
  /// links[j][letter]: what follows prompt j (from 0) once the model has chosen `letter`: the rest of that letter,
  /// ", Qj+2:", and the lead of the next letter. K - 1 of them.
  std::vector<std::array<std::vector<std::int64_t>, 4>> links;
  std::vector<std::vector<std::size_t>> parts;  // [instances][K]: indices into `alone`
  EncodedQuestions alone;                       // every question once, asked by itself
};

/// All instances have the same K. Throws InputError when a prompt with its answers is longer than `max_positions`, and
/// when the tokenizer writes a whole prompt otherwise than its pieces.
[[nodiscard]] EncodedComposites encode(std::span<const data::CompositeQuestion> composites,
                                       const llm::Tokenizer& tokenizer, std::int64_t max_positions);

/// The letters the model gives, [instances][K]. Answer j is conditioned on the model's own answers before it, so there
/// are K passes, each over all instances.
[[nodiscard]] std::vector<std::vector<int>> composite_answers(const llm::Model& model, const llm::Adapter* adapter,
                                                              const EncodedComposites& composites);

/// `composite_all` over all instances; `composite_each` over all and by domain; `composition_gap`: accuracy of the same
/// questions asked alone minus composite_each, over all and by domain. The bootstrap draws instances (by domain: the
/// questions of it, one to an instance at most); instances that share a fact widen its intervals,
/// data/design_effect.hpp.
[[nodiscard]] std::vector<Score> score(const llm::Model& model, const EncodedComposites& composites,
                                       const llm::Adapter* adapter = nullptr,
                                       const data::BootstrapOptions& bootstrap = {});

}  // namespace edgefuse::server
