#include "server/evaluation/questions.hpp"

#include "server/evaluation/prompts.hpp"

namespace edgefuse::server {

EncodedQuestions encode(std::span<const data::Question> questions, const llm::Tokenizer& tokenizer,
                        std::int64_t max_positions) {
  EncodedQuestions encoded{.letters = answer_letters(tokenizer), .prompts = {}, .answers = {}, .domains = {}};
  for (const auto& question : questions) {
    encoded.prompts.push_back(prompt_ids(tokenizer, encoded.letters, data::question_prompt(question)));
    encoded.answers.push_back(question.answer);
    encoded.domains.push_back(question.domain);
  }
  require_prompts_fit(encoded.prompts, longest_tail(encoded.letters), max_positions);
  return encoded;
}

std::vector<bool> answered_right(const llm::Model& model, const llm::Adapter* adapter,
                                 const EncodedQuestions& questions) {
  const auto chosen = choose_letters(model, adapter, questions.letters, questions.prompts);
  std::vector<bool> right;
  for (std::size_t i = 0; i < chosen.size(); ++i)
    right.push_back(chosen[i] == questions.answers[i]);
  return right;
}

std::vector<Score> score(const llm::Model& model, const EncodedQuestions& questions, const llm::Adapter* adapter,
                         const data::BootstrapOptions& bootstrap) {
  std::vector<double> values;
  for (const bool right : answered_right(model, adapter, questions))
    values.push_back(right ? 1 : 0);
  return scores_by_domain(metric::accuracy, questions.domains, values, {}, bootstrap);
}

}  // namespace edgefuse::server
