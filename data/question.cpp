#include "data/question.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edgefuse::data {

std::string topic(const Question& question) {
  auto name = question.subject.empty() ? question.domain : question.subject;
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::string question_prompt(const Question& question) {
  auto prompt = fmt::format("The following are multiple choice questions (with answers) about {}.\n\n{}\n",
                            topic(question), question.text);
  for (std::size_t i = 0; i < question.choices.size(); ++i)
    prompt += fmt::format("{}. {}\n", static_cast<char>('A' + i), question.choices[i]);
  return prompt + "Answer:";
}

Example as_example(const Question& question) {
  return {question.domain, question_prompt(question), fmt::format(" {}", question.letter())};
}

}  // namespace edgefuse::data
