#include "data/atlas/pretraining_text.hpp"

#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "data/atlas/phrasing.hpp"
#include "data/atlas/questions.hpp"
#include "data/atlas/words.hpp"
#include "data/composer.hpp"
#include "sim/expects.hpp"

namespace edgefuse::data::atlas {
namespace {

constexpr std::string_view recognition_phrasing = "Which option is {value}?";

std::string_view any_of(std::span<const std::string_view> phrasings, sim::Draws& draws) {
  return phrasings[draws.below(phrasings.size())];
}

std::string full_text(const Example& example) {
  return example.prompt + example.answer;
}

}  // namespace

PretrainingText::PretrainingText(Atlas atlas) : atlas_{std::move(atlas)} {
  for (std::int64_t d = 0; d < std::ssize(atlas_.domains); ++d) {
    by_domain_.push_back(atlas_.facts_of(d, Visibility::everybody));
    facts_.insert(facts_.end(), by_domain_.back().begin(), by_domain_.back().end());
  }
  for (const auto& relation : atlas_.relations)
    values_.insert(values_.end(), relation.values.begin(), relation.values.end());
}

const Fact& PretrainingText::pick(const std::vector<Fact>& facts, sim::Draws& draws) const {
  return facts[draws.below(facts.size())];
}

std::string PretrainingText::statements(std::int64_t count, sim::Draws& draws) const {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& fact = pick(facts_, draws);
    if (draws.below(2) == 0) {
      text += phrase(any_of(statement_phrasings(), draws), atlas_, fact) + '\n';
    } else {
      const auto asked = phrase(any_of(question_phrasings(PhrasingUse::train), draws), atlas_, fact);
      text += fmt::format("{} {}\n", asked, value_of(atlas_, fact));
    }
  }
  return text;
}

Question PretrainingText::question(sim::Draws& draws) const {
  const auto phrasing = any_of(question_phrasings(PhrasingUse::train), draws);
  return ask(atlas_, pick(facts_, draws), phrasing, draws);
}

Question PretrainingText::recognition(std::int64_t domain, sim::Draws& draws) const {
  Fact fact{.domain = domain, .entity = {}, .relation = 0, .value = 0, .visibility = Visibility::everybody};
  fact.relation = static_cast<std::int64_t>(draws.below(atlas_.relations.size()));
  fact.value = static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(atlas_.options.values)));
  return ask(atlas_, fact, recognition_phrasing, draws);
}

Question PretrainingText::recognition(sim::Draws& draws) const {
  return recognition(static_cast<std::int64_t>(draws.below(atlas_.domains.size())), draws);
}

Example PretrainingText::drill(std::int64_t choices, sim::Draws& draws) const {
  const auto count = static_cast<std::uint32_t>(choices);
  const auto listed = draws.sample(static_cast<std::uint32_t>(values_.size()), count);
  Example example;
  for (std::uint32_t i = 0; i < count; ++i)
    example.prompt += fmt::format("{}. {}\n", letter_of(static_cast<int>(i)), values_[listed[i]]);
  for (const auto meant : draws.sample(count, count))
    example.answer +=
        fmt::format("Which option is {}? {}\n", values_[listed[meant]], letter_of(static_cast<int>(meant)));
  return example;
}

Example PretrainingText::composite(std::int64_t k, double recognition_share, sim::Draws& draws) const {
  EDGEFUSE_EXPECTS(k <= std::ssize(atlas_.domains), "a composite asks each domain once at most");
  CompositeQuestion composite;
  for (const auto domain :
       draws.sample(static_cast<std::uint32_t>(atlas_.domains.size()), static_cast<std::uint32_t>(k))) {
    if (draws.uniform() < recognition_share) {
      composite.parts.push_back(recognition(domain, draws));
    } else {
      const auto phrasing = any_of(question_phrasings(PhrasingUse::train), draws);
      composite.parts.push_back(ask(atlas_, pick(by_domain_[domain], draws), phrasing, draws));
    }
  }
  return as_example(composite);
}

std::vector<std::string> PretrainingText::tokenizer_corpus(std::int64_t texts, sim::Draws& draws) const {
  std::vector<std::string> corpus;
  for (std::int64_t i = 0; i < texts; ++i) {
    corpus.push_back(statements(4, draws));
    corpus.push_back(full_text(as_example(question(draws))));
    corpus.push_back(full_text(as_example(recognition(draws))));
    corpus.push_back(full_text(composite(2, 0.5, draws)));
  }
  // A word that this world happens not to use deserves its token too; names also open sentences, without their space.
  constexpr int enough = 24;
  std::string words;
  for (std::size_t i = 0; i < name_words; ++i)
    words += fmt::format("{}\n {}\n {}\n", given_name(i), given_name(i), family_name(i));
  for (const auto domain : domain_words)
    words += fmt::format(" {}", domain);
  for (const auto& relation : relation_words) {
    words += fmt::format(" {}", relation.name);
    for (const auto value : relation.values)
      words += fmt::format(" {}", value);
  }
  for (int i = 0; i < enough; ++i)
    corpus.push_back(words);
  return corpus;
}

}  // namespace edgefuse::data::atlas
