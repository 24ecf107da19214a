#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/question.hpp"
#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"
#include "server/evaluation/letters.hpp"
#include "server/evaluation/score.hpp"

namespace edgefuse::server {

/// Questions as one tokenizer writes them: made once, scored by many models.
struct EncodedQuestions {
  AnswerLetters letters;
  std::vector<std::vector<std::int64_t>> prompts;  // template, prompt, lead
  std::vector<int> answers;                        // 0..3
  std::vector<std::string> domains;
  std::vector<std::size_t> facts;  // questions of one number are about one fact; from 0, in order of appearance
};

/// Throws InputError when prompts and letters are longer than `max_positions`, saying how many and how long, and when
/// the tokenizer cannot be used for scoring.
[[nodiscard]] EncodedQuestions encode(std::span<const data::Question> questions, const llm::Tokenizer& tokenizer,
                                      std::int64_t max_positions);

/// Whether the model answers each question right. `adapter` may be null.
[[nodiscard]] std::vector<bool> answered_right(const llm::Model& model, const llm::Adapter* adapter,
                                               const EncodedQuestions& questions);

/// `accuracy` over all questions and by domain. The bootstrap draws facts, with all questions about each: several
/// phrasings of one fact are far from independent.
[[nodiscard]] std::vector<Score> score(const llm::Model& model, const EncodedQuestions& questions,
                                       const llm::Adapter* adapter = nullptr,
                                       const data::BootstrapOptions& bootstrap = {});

}  // namespace edgefuse::server
