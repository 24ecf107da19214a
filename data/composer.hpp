#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::data {

/// One instance of a cross-domain benchmark: questions of distinct domains, asked together (MMLU-CD,
/// docs/models/mmlu-cd.md).
struct CompositeQuestion {
  std::string id;
  std::vector<Question> parts;  // in the order they are asked

  /// The right letter of every part, 0..3.
  [[nodiscard]] std::vector<int> answers() const;
};

/// Of one benchmark.
inline constexpr std::int64_t most_composites = 1'000'000;

struct ComposeOptions {
  std::int64_t k = 2;        // questions in one instance
  std::int64_t count = 300;  // instances
  std::uint64_t seed = 1;    // in Domain::composition
};

/// Composes `count` instances of `k` questions from `k` distinct domains. Domains are used equally often (their counts
/// differ by one at most), which domains meet and in which order is random, and no question of a domain comes twice
/// before all of that domain have come once.
/// Throws InputError when there are fewer than `k` domains, `k` is below 1, or `count` is not 1 to `most_composites`.
[[nodiscard]] std::vector<CompositeQuestion> compose(std::span<const Question> questions,
                                                     const ComposeOptions& options);

/// One instruction, then every question with its number and topic (a single question's prompt names its topic too,
/// so the two differ in nothing but the company):
///
///     The following are multiple choice questions (with answers).
///
///     Q1 (anatomy): Which bone ...
///     A. ...
///     B. ...
///     C. ...
///     D. ...
///     Q2 (world religions): ...
///     ...
///     Answers: Q1:
///
/// The model continues with `composite_continuation`.
[[nodiscard]] std::string composite_prompt(const CompositeQuestion& composite);

/// " B, Q2: D, Q3: A" for {1, 3, 0}.
[[nodiscard]] std::string composite_continuation(std::span<const int> letters);

/// What asks for answer number `earlier.size()` (from 0) when the model has given `earlier`: the prompt itself for the
/// first, "... Answers: Q1: B, Q2:" for the second. The next token is " A", " B", " C" or " D".
[[nodiscard]] std::string composite_prompt(const CompositeQuestion& composite, std::span<const int> earlier);

/// For training: the prompt, and the continuation with the right letters. Its domain is that of all parts, joined
/// by '+'.
[[nodiscard]] Example as_example(const CompositeQuestion& composite);

}  // namespace edgefuse::data
