#include "data/question.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace edgefuse::data {

std::string topic(const Question& question) {
  auto name = question.subject.empty() ? question.domain : question.subject;
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::string choice_lines(const Question& question) {
  std::string lines;
  for (int i = 0; i < std::ssize(question.choices); ++i)
    lines += fmt::format("{}. {}\n", letter_of(i), question.choices[static_cast<std::size_t>(i)]);
  return lines;
}

std::string question_prompt(const Question& question) {
  return fmt::format("The following are multiple choice questions (with answers) about {}.\n\n{}\n{}Answer:",
                     topic(question), question.text, choice_lines(question));
}

Example as_example(const Question& question) {
  return {question.domain, question_prompt(question), fmt::format(" {}", question.letter())};
}

}  // namespace edgefuse::data
