#include "server/evaluation/composites.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "server/evaluation/prompts.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

using Ids = std::vector<std::int64_t>;

void append(Ids& ids, const Ids& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

/// What follows prompt `position` once `letter` is chosen there. Earlier letters play no role in it.
Ids link_ids(const llm::Tokenizer& tokenizer, const AnswerLetters& letters, std::size_t position, int letter) {
  std::vector<int> answers(position + 1, 0);
  answers.back() = letter;
  const auto context = "Answers: Q1:" + data::composite_continuation(answers);
  auto ids = letters.tails.at(static_cast<std::size_t>(letter));
  append(ids, continuation_ids(tokenizer, context, fmt::format(", Q{}:", position + 2)));
  append(ids, letters.lead);
  return ids;
}

/// Pieces are put together as ids; this makes sure that the tokenizer would have written the whole alike.
void require_pieces_make_the_whole(const data::CompositeQuestion& composite, const EncodedComposites& encoded,
                                   const llm::Tokenizer& tokenizer) {
  for (int letter = 0; letter < 4; ++letter) {
    auto pieces = encoded.prompts.front();
    for (const auto& link : encoded.links)
      append(pieces, link.at(static_cast<std::size_t>(letter)));
    const std::vector<int> earlier(encoded.links.size(), letter);
    const auto whole = prompt_ids(tokenizer, encoded.alone.letters, data::composite_prompt(composite, earlier));
    if (pieces != whole)
      throw InputError{{.key = "tokenizer",
                        .problem = "writes a prompt with answers otherwise than the prompt followed by the answers",
                        .remedy = "use a model whose tokenizer begins a new token at a space"}};
  }
}

void encode_alone(std::span<const data::CompositeQuestion> composites, const llm::Tokenizer& tokenizer,
                  std::int64_t max_positions, EncodedComposites& encoded) {
  // Ids are unique within one source only, and some datasets ask one question twice with different answers.
  std::map<std::tuple<std::string, std::string, int>, std::size_t> known;
  std::vector<data::Question> questions;
  for (const auto& composite : composites) {
    auto& parts = encoded.parts.emplace_back();
    for (const auto& part : composite.parts) {
      const auto [found, is_new] =
          known.try_emplace({part.domain, data::question_prompt(part), part.answer}, questions.size());
      if (is_new) questions.push_back(part);
      parts.push_back(found->second);
    }
  }
  encoded.alone = encode(questions, tokenizer, max_positions);
}

/// The mean over an instance's questions, and every question by itself. A question shares facts with those that its
/// whole instance shares facts with: one company makes two questions as little independent as one fact does.
struct PerInstanceAndPart {
  Items by_instance;
  Items by_part;
};
struct Tally {
  Items all;                         // by instance
  std::vector<std::string> domains;  // by part
  PerInstanceAndPart each;
  PerInstanceAndPart gap;
};

void add(Items& items, double value, const std::vector<std::size_t>& facts) {
  items.values.push_back(value);
  items.facts.push_back(facts);
}

std::vector<std::size_t> facts_of(const EncodedComposites& composites, std::size_t instance) {
  std::vector<std::size_t> facts;
  for (const auto part : composites.parts[instance])
    facts.push_back(composites.alone.facts[part]);
  return facts;
}

Tally tally(const EncodedComposites& composites, const std::vector<std::vector<int>>& answers,
            const std::vector<bool>& right_alone) {
  Tally t;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto facts = facts_of(composites, i);
    double right = 0;
    double alone = 0;
    for (std::size_t j = 0; j < answers[i].size(); ++j) {
      const auto part = composites.parts[i][j];
      const double together = answers[i][j] == composites.alone.answers[part] ? 1 : 0;
      const double by_itself = right_alone[part] ? 1 : 0;
      t.domains.push_back(composites.alone.domains[part]);
      add(t.each.by_part, together, facts);
      add(t.gap.by_part, by_itself - together, facts);
      right += together;
      alone += by_itself;
    }
    const auto k = static_cast<double>(answers[i].size());
    add(t.all, right == k ? 1 : 0, facts);
    add(t.each.by_instance, right / k, facts);
    add(t.gap.by_instance, (alone - right) / k, facts);
  }
  return t;
}

}  // namespace

EncodedComposites encode(std::span<const data::CompositeQuestion> composites, const llm::Tokenizer& tokenizer,
                         std::int64_t max_positions) {
  EncodedComposites encoded;
  encode_alone(composites, tokenizer, max_positions, encoded);
  if (composites.empty()) return encoded;

  const auto k = composites.front().parts.size();
  const auto& letters = encoded.alone.letters;
  std::size_t continuation = longest_tail(letters);
  for (std::size_t position = 0; position + 1 < k; ++position) {
    auto& link = encoded.links.emplace_back();
    for (int letter = 0; letter < 4; ++letter)
      link[static_cast<std::size_t>(letter)] = link_ids(tokenizer, letters, position, letter);
    continuation += std::ranges::max(link, {}, &Ids::size).size();
  }
  for (const auto& composite : composites) {
    EDGEFUSE_EXPECTS(composite.parts.size() == k, "all instances have the same number of questions");
    encoded.prompts.push_back(prompt_ids(tokenizer, letters, data::composite_prompt(composite)));
  }
  require_pieces_make_the_whole(composites.front(), encoded, tokenizer);
  require_prompts_fit(encoded.prompts, continuation, max_positions);
  return encoded;
}

std::vector<std::vector<int>> composite_answers(const llm::Model& model, const llm::Adapter* adapter,
                                                const EncodedComposites& composites) {
  auto prompts = composites.prompts;
  std::vector<std::vector<int>> answers(prompts.size());
  for (std::size_t position = 0; position <= composites.links.size(); ++position) {
    const auto chosen = choose_letters(model, adapter, composites.alone.letters, prompts);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      answers[i].push_back(chosen[i]);
      if (position < composites.links.size())
        append(prompts[i], composites.links[position].at(static_cast<std::size_t>(chosen[i])));
    }
  }
  return answers;
}

std::vector<Score> score(const llm::Model& model, const EncodedComposites& composites, const llm::Adapter* adapter,
                         const data::BootstrapOptions& bootstrap) {
  if (composites.prompts.empty()) return {};
  const auto t = tally(composites, composite_answers(model, adapter, composites),
                       answered_right(model, adapter, composites.alone));
  const auto by_instance_and_domain = [&](std::string_view name, const PerInstanceAndPart& values) {
    auto scores = domain_scores(name, t.domains, values.by_part, bootstrap);
    scores.insert(scores.begin(), overall_score(name, values.by_instance, bootstrap));
    return scores;
  };
  const auto k = static_cast<double>(composites.links.size() + 1);
  auto scores = with_chance(std::pow(chance_of_a_letter, k), {overall_score(metric::composite_all, t.all, bootstrap)});
  std::ranges::move(with_chance(chance_of_a_letter, by_instance_and_domain(metric::composite_each, t.each)),
                    std::back_inserter(scores));
  std::ranges::move(with_chance(0, by_instance_and_domain(metric::composition_gap, t.gap)), std::back_inserter(scores));
  return scores;
}

}  // namespace edgefuse::server
