#include "data/composer.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

constexpr std::uint32_t domain_picks = 0;  // the client word of the streams that pick domains; queues follow from 1

/// Questions of one domain in random order, reshuffled each time all have been used.
class Queue {
 public:
  Queue(std::vector<std::size_t> indices, std::uint64_t seed, std::uint32_t number)
      : indices_{std::move(indices)}, seed_{seed}, number_{number} {}

  std::size_t next() {
    if (used_ % indices_.size() == 0) {
      const auto lap = static_cast<std::uint32_t>(used_ / indices_.size());
      sim::Draws draws{{seed_, sim::Domain::composition, lap, number_}};
      draws.shuffle(indices_);
    }
    return indices_[used_++ % indices_.size()];
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::vector<std::size_t> indices_;
  std::uint64_t seed_;
  std::uint32_t number_;
  std::size_t used_ = 0;
};

std::vector<Queue> queues_by_domain(std::span<const Question> questions, std::uint64_t seed) {
  std::map<std::string_view, std::vector<std::size_t>> domains;
  for (std::size_t i = 0; i < questions.size(); ++i)
    domains[questions[i].domain].push_back(i);
  std::vector<Queue> queues;
  for (auto& [name, indices] : domains)
    queues.emplace_back(std::move(indices), seed, static_cast<std::uint32_t>(queues.size() + 1));
  return queues;
}

void check(const ComposeOptions& options, std::size_t domains) {
  std::vector<Mistake> mistakes;
  if (options.k < 1)
    mistakes.push_back(
        {.key = "k", .problem = fmt::format("{} questions in an instance", options.k), .remedy = "use 1 or more"});
  else if (static_cast<std::size_t>(options.k) > domains)
    mistakes.push_back({.key = "k",
                        .problem = fmt::format("{} questions of distinct domains asked for, but there are {} domains",
                                               options.k, domains),
                        .remedy = fmt::format("use at most {}", domains)});
  if (options.count < 1 || options.count > most_composites)
    mistakes.push_back({.key = "count",
                        .problem = fmt::format("{} instances", options.count),
                        .remedy = fmt::format("use 1 to {}", most_composites)});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

/// The `k` least used domains, ties broken at random, in random order.
std::vector<std::size_t> pick_domains(const std::vector<Queue>& queues, std::size_t k, std::uint64_t seed,
                                      std::uint32_t instance) {
  sim::Draws draws{{seed, sim::Domain::composition, instance, domain_picks}};
  std::vector<std::size_t> domains(queues.size());
  std::iota(domains.begin(), domains.end(), std::size_t{0});
  draws.shuffle(domains);
  std::ranges::stable_sort(domains, {}, [&](std::size_t domain) { return queues[domain].used(); });
  domains.resize(k);
  draws.shuffle(domains);
  return domains;
}

}  // namespace

std::vector<int> CompositeQuestion::answers() const {
  std::vector<int> letters;
  for (const auto& part : parts)
    letters.push_back(part.answer);
  return letters;
}

std::vector<CompositeQuestion> compose(std::span<const Question> questions, const ComposeOptions& options) {
  auto queues = queues_by_domain(questions, options.seed);
  check(options, queues.size());
  std::vector<CompositeQuestion> composites;
  for (std::int64_t i = 0; i < options.count; ++i) {
    CompositeQuestion composite{.id = fmt::format("cd{}-{}-{:05}", options.k, options.seed, i), .parts = {}};
    const auto instance = static_cast<std::uint32_t>(i);
    for (const auto domain : pick_domains(queues, static_cast<std::size_t>(options.k), options.seed, instance))
      composite.parts.push_back(questions[queues[domain].next()]);
    composites.push_back(std::move(composite));
  }
  return composites;
}

std::string composite_prompt(const CompositeQuestion& composite) {
  std::string prompt = "The following are multiple choice questions (with answers).\n\n";
  for (std::size_t i = 0; i < composite.parts.size(); ++i) {
    const auto& part = composite.parts[i];
    prompt += fmt::format("Q{} ({}): {}\n{}", i + 1, topic(part), part.text, choice_lines(part));
  }
  return prompt + "Answers: Q1:";
}

std::string composite_continuation(std::span<const int> letters) {
  std::string text;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    EDGEFUSE_EXPECTS(letters[i] >= 0 && letters[i] < 4, "an answer is one of four letters");
    if (i > 0) text += fmt::format(", Q{}:", i + 1);
    text += {' ', letter_of(letters[i])};
  }
  return text;
}

std::string composite_prompt(const CompositeQuestion& composite, std::span<const int> earlier) {
  EDGEFUSE_EXPECTS(earlier.size() < composite.parts.size(), "every question of the instance has its answer");
  auto prompt = composite_prompt(composite) + composite_continuation(earlier);
  if (!earlier.empty()) prompt += fmt::format(", Q{}:", earlier.size() + 1);
  return prompt;
}

Example as_example(const CompositeQuestion& composite) {
  std::string domains;
  for (const auto& part : composite.parts)
    domains += (domains.empty() ? "" : "+") + part.domain;
  return {domains, composite_prompt(composite), composite_continuation(composite.answers())};
}

}  // namespace edgefuse::data
