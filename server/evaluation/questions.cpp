#include "server/evaluation/questions.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "server/evaluation/prompts.hpp"

namespace edgefuse::server {

EncodedQuestions encode(std::span<const data::Question> questions, const llm::Tokenizer& tokenizer,
                        std::int64_t max_positions) {
  EncodedQuestions encoded{
      .letters = answer_letters(tokenizer), .prompts = {}, .answers = {}, .domains = {}, .facts = {}};
  std::map<std::string_view, std::size_t> numbers;
  std::size_t facts = 0;
  for (const auto& question : questions) {
    encoded.prompts.push_back(prompt_ids(tokenizer, encoded.letters, data::question_prompt(question)));
    encoded.answers.push_back(question.answer);
    encoded.domains.push_back(question.domain);
    const auto number = question.fact.empty() ? facts : numbers.try_emplace(question.fact, facts).first->second;
    encoded.facts.push_back(number);
    facts = std::max(facts, number + 1);
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
  Items facts;  // the right answers about each fact, of so many questions
  std::vector<std::string> domains;
  const auto answered = answered_right(model, adapter, questions);
  for (std::size_t i = 0; i < answered.size(); ++i) {
    const auto fact = questions.facts[i];
    if (fact == facts.values.size()) {
      facts.values.push_back(0);
      facts.weights.push_back(0);
      domains.push_back(questions.domains[i]);
    }
    facts.values[fact] += answered[i] ? 1 : 0;
    facts.weights[fact] += 1;
  }
  return with_chance(chance_of_a_letter, scores_by_domain(metric::accuracy, domains, facts, bootstrap));
}

}  // namespace edgefuse::server
