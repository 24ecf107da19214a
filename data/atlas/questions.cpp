#include "data/atlas/questions.hpp"

#include <cstddef>

#include <fmt/format.h>

#include "sim/expects.hpp"

namespace edgefuse::data::atlas {
namespace {

// Round words of Domain::atlas_text for questions; the client word is the domain's number.
constexpr std::uint32_t train_stream = 0;
constexpr std::uint32_t test_stream = 1;

std::vector<Question> questions(const Atlas& atlas, std::int64_t domain, Visibility visibility, PhrasingUse use,
                                std::int64_t shuffles) {
  EDGEFUSE_EXPECTS(domain >= 0 && domain < std::ssize(atlas.domains), "the world has this domain");
  const bool open = visibility == Visibility::everybody;
  const std::uint32_t purpose = use == PhrasingUse::train ? train_stream : test_stream;
  sim::Draws draws{{open ? atlas.options.public_seed : atlas.options.seed, sim::Domain::atlas_text,
                    2 * purpose + (open ? 0U : 1U), static_cast<std::uint32_t>(domain)}};
  const auto& name = atlas.domains[static_cast<std::size_t>(domain)];
  std::vector<Question> all;
  for (std::int64_t shuffle = 0; shuffle < shuffles; ++shuffle)
    for (const auto& fact : atlas.facts_of(domain, visibility))
      for (const auto phrasing : question_phrasings(use)) {
        all.push_back(ask(atlas, fact, phrasing, draws));
        all.back().fact = fmt::format("{}/{}/{}", name, fact.entity, fact.relation);
        all.back().id = fmt::format("atlas/{}/{}/{}/{}", name, open ? "public" : "private",
                                    use == PhrasingUse::train ? "train" : "test", all.size() - 1);
      }
  return all;
}

}  // namespace

Question ask(const Atlas& atlas, const Fact& fact, std::string_view phrasing, sim::Draws& draws) {
  const auto& values = atlas.relations[static_cast<std::size_t>(fact.relation)].values;
  Question question{.id = {},
                    .domain = atlas.domains[static_cast<std::size_t>(fact.domain)],
                    .text = phrase(phrasing, atlas, fact),
                    .choices = {},
                    .answer = static_cast<int>(draws.below(4))};
  // Three of the other values: numbers from the true one on are moved up by one.
  const auto others = draws.sample(static_cast<std::uint32_t>(values.size() - 1), 3);
  std::size_t used = 0;
  for (int i = 0; i < 4; ++i) {
    std::size_t value = static_cast<std::size_t>(fact.value);
    if (i != question.answer) {
      value = others[used++];
      if (value >= static_cast<std::size_t>(fact.value)) ++value;
    }
    question.choices[static_cast<std::size_t>(i)] = values[value];
  }
  return question;
}

std::vector<Question> training_questions(const Atlas& atlas, std::int64_t domain, Visibility visibility,
                                         std::int64_t shuffles) {
  return questions(atlas, domain, visibility, PhrasingUse::train, shuffles);
}

std::vector<Question> test_questions(const Atlas& atlas, std::int64_t domain, Visibility visibility,
                                     std::int64_t shuffles) {
  return questions(atlas, domain, visibility, PhrasingUse::test, shuffles);
}

}  // namespace edgefuse::data::atlas
