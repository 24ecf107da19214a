#pragma once

#include <array>
#include <string>
#include <string_view>

namespace edgefuse::data {

/// A four-way multiple-choice question, of MMLU or of atlas.
struct Question {
  std::string id;      // unique within its source, such as "anatomy/test/17"
  std::string domain;  // what the partitioner and the composer group by
  std::string text;
  std::array<std::string, 4> choices;
  int answer = 0;         // 0..3
  std::string fact{};     // questions about one fact stand or fall together; empty: this one stands alone
  std::string subject{};  // what a prompt says the question is about; the domain when empty

  [[nodiscard]] char letter() const;
};

/// 'A' for choice 0, ..., 'D' for choice 3.
[[nodiscard]] constexpr char letter_of(int choice) {
  return static_cast<char>('A' + choice);
}
inline char Question::letter() const {
  return letter_of(answer);
}

/// A text to continue and its continuation; the answer-only loss labels just `answer`. Plain text has an empty prompt.
struct Example {
  std::string domain;
  std::string prompt;
  std::string answer;
};

/// What a prompt calls the field of a question: its subject, else its domain, with spaces for underscores.
[[nodiscard]] std::string topic(const Question& question);

/// The four lines "A. ..." of its choices.
[[nodiscard]] std::string choice_lines(const Question& question);

/// MMLU's own prompt (Hendrycks et al., 2009.03300): header with the topic, question, four lines "A. ...",
/// "Answer:". The model continues with " A", " B", " C" or " D".
[[nodiscard]] std::string question_prompt(const Question& question);
[[nodiscard]] Example as_example(const Question& question);

}  // namespace edgefuse::data
