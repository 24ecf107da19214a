#include "data/atlas/atlas.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "data/atlas/phrasing.hpp"
#include "data/atlas/pretraining_text.hpp"
#include "data/atlas/questions.hpp"
#include "data/atlas/words.hpp"
#include "sim/error.hpp"

namespace edgefuse::data::atlas {
namespace {

/// Which domains use a private name, and the facts they hold about it.
std::map<std::string, std::map<std::int64_t, std::map<std::int64_t, std::int64_t>>> meanings(const Atlas& atlas) {
  std::map<std::string, std::map<std::int64_t, std::map<std::int64_t, std::int64_t>>> all;
  for (const auto& fact : atlas.facts)
    if (fact.visibility == Visibility::edges) all[fact.entity][fact.domain][fact.relation] = fact.value;
  return all;
}

std::set<std::string> names(const Atlas& atlas, Visibility visibility) {
  std::set<std::string> found;
  for (const auto& fact : atlas.facts)
    if (fact.visibility == visibility) found.insert(fact.entity);
  return found;
}

std::vector<Fact> public_facts(const Atlas& atlas, std::int64_t domains) {
  std::vector<Fact> all;
  for (std::int64_t d = 0; d < domains; ++d)
    for (auto& fact : atlas.facts_of(d, Visibility::everybody))
      all.push_back(fact);
  return all;
}

/// What a draft of text can hold of everything the base reads.
std::string sample_of_pretraining_text(const Atlas& atlas) {
  const PretrainingText text{atlas};
  sim::Draws draws{{.seed = 3, .domain = sim::Domain::test}};
  std::string all = text.statements(12000, draws);
  for (int i = 0; i < 2000; ++i)
    all += question_prompt(text.question(draws)) + question_prompt(text.recognition(draws));
  for (int i = 0; i < 1000; ++i)
    all += text.composite(2 + i % 2, 0.3, draws).prompt;
  for (const auto& piece : text.tokenizer_corpus(200, draws))
    all += piece;
  return all;
}

TEST(Atlas, IsTheSameForTheSameOptions) {
  const AtlasOptions options{.seed = 5, .domains = 7, .conflict = 0.5};
  EXPECT_EQ(make_atlas(options).facts, make_atlas(options).facts);
}

TEST(Atlas, HasEveryFactOnce) {
  const auto atlas = make_atlas({.domains = 5, .public_entities = 7, .private_entities = 3, .relations = 2});
  EXPECT_EQ(atlas.facts.size(), 5U * (7 + 3) * 2);
  std::set<std::tuple<std::int64_t, std::string, std::int64_t>> seen;
  for (const auto& fact : atlas.facts) {
    EXPECT_TRUE(seen.emplace(fact.domain, fact.entity, fact.relation).second)
        << fact.entity << " has two values of relation " << fact.relation << " in domain " << fact.domain;
    EXPECT_LT(fact.value, std::ssize(atlas.relations[static_cast<std::size_t>(fact.relation)].values));
  }
  EXPECT_EQ(atlas.facts_of(2, Visibility::everybody).size(), 7U * 2);
  EXPECT_EQ(atlas.facts_of(2, Visibility::edges).size(), 3U * 2);
}

TEST(Atlas, ChangesWhatIsPrivateWithItsSeedAndLeavesWhatIsPublic) {
  const auto one = make_atlas({.seed = 1});
  const auto two = make_atlas({.seed = 2});
  EXPECT_EQ(public_facts(one, 8), public_facts(two, 8));
  EXPECT_NE(one.facts_of(0, Visibility::edges), two.facts_of(0, Visibility::edges));
  EXPECT_NE(public_facts(one, 8), public_facts(make_atlas({.public_seed = 2}), 8));
}

TEST(Atlas, OfFewerDomainsIsTheBeginningOfALargerOne) {
  const auto small = make_atlas({.domains = 3, .conflict = 0.5});
  const auto large = make_atlas({.domains = 8});
  EXPECT_EQ(public_facts(small, 3), public_facts(large, 3));
}

TEST(Atlas, SharesNoNameWithoutConflict) {
  const auto atlas = make_atlas({.conflict = 0});
  for (const auto& [name, domains] : meanings(atlas))
    EXPECT_EQ(domains.size(), 1U) << name;
}

TEST(Atlas, SharesEveryPrivateNameInFullConflictAndMeansOtherThings) {
  for (const std::int64_t domains : {2, 7, 8}) {
    const auto atlas = make_atlas({.domains = domains, .conflict = 1});
    for (const auto& [name, by_domain] : meanings(atlas)) {
      ASSERT_GE(by_domain.size(), 2U) << name << " in a world of " << domains << " domains";
      const auto& [first, values] = *by_domain.begin();
      for (const auto& [other, theirs] : by_domain) {
        if (other == first) continue;
        for (const auto& [relation, value] : values)
          EXPECT_NE(value, theirs.at(relation)) << name << ", relation " << relation << ", " << first << "/" << other;
      }
    }
  }
}

TEST(Atlas, SharesTheAskedForShareOfNames) {
  const auto atlas = make_atlas({.domains = 8, .private_entities = 8, .conflict = 0.25});
  int shared = 0;
  for (const auto& [name, domains] : meanings(atlas))
    shared += domains.size() > 1 ? 1 : 0;
  EXPECT_EQ(shared, 4 * 2) << "a quarter of eight names in each of four pairs of domains";
}

TEST(Atlas, KeepsPublicFactsUnderAnyConflict) {
  EXPECT_EQ(public_facts(make_atlas({.conflict = 0}), 8), public_facts(make_atlas({.conflict = 1}), 8));
}

TEST(Atlas, GivesPublicAndPrivateEntitiesDifferentNames) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto atlas = make_atlas({.seed = seed, .conflict = 0.5});
    const auto open = names(atlas, Visibility::everybody);
    for (const auto& name : names(atlas, Visibility::edges))
      EXPECT_FALSE(open.contains(name)) << name << ", seed " << seed;
  }
}

TEST(Atlas, NamesAllThatIsOutOfRangeAtOnce) {
  try {
    (void)make_atlas({.domains = 99, .relations = 0, .values = 3, .conflict = 1.5});
    FAIL() << "accepted";
  } catch (const InputError& error) {
    std::set<std::string> keys;
    for (const auto& mistake : error.mistakes())
      keys.insert(mistake.key);
    EXPECT_EQ(keys, (std::set<std::string>{"domains", "relations", "values", "conflict"})) << error.what();
  }
}

TEST(Atlas, RefusesMoreNamesThanThereAre) {
  EXPECT_THROW((void)make_atlas({.domains = 12, .public_entities = 64, .private_entities = 64}), InputError);
}

TEST(Atlas, RefusesConflictOfOneDomain) {
  EXPECT_THROW((void)make_atlas({.domains = 1, .conflict = 0.5}), InputError);
  EXPECT_NO_THROW((void)make_atlas({.domains = 1, .conflict = 0}));
}

TEST(AtlasWords, AreDistinct) {
  std::set<std::string> words;
  std::size_t count = 0;
  const auto add = [&](std::string word) {
    words.insert(std::move(word));
    ++count;
  };
  for (std::size_t i = 0; i < name_words; ++i) {
    add(given_name(i));
    add(family_name(i));
  }
  for (const auto& domain : domain_words)
    add(std::string{domain});
  for (const auto& relation : relation_words) {
    add(std::string{relation.name});
    for (const auto& value : relation.values)
      add(std::string{value});
  }
  EXPECT_EQ(words.size(), count) << "a word with two meanings";
}

TEST(AtlasPhrasings, OfTestsAreNeverTrainedOn) {
  std::set<std::string_view> trained;
  for (const auto phrasing : question_phrasings(PhrasingUse::train))
    trained.insert(phrasing);
  for (const auto phrasing : question_phrasings(PhrasingUse::test))
    EXPECT_FALSE(trained.contains(phrasing)) << phrasing;
  const auto atlas = make_atlas({});
  const auto text = sample_of_pretraining_text(atlas);
  for (std::int64_t d = 0; d < 8; ++d)
    for (const auto& question : test_questions(atlas, d, Visibility::everybody))
      EXPECT_EQ(text.find(question.text), std::string::npos) << question.text;
}

TEST(AtlasText, NeverNamesAPrivateEntity) {
  const auto text = sample_of_pretraining_text(make_atlas({}));
  for (const std::uint64_t seed : {1U, 2U, 3U})
    for (const auto& name : names(make_atlas({.seed = seed, .conflict = 0.5}), Visibility::edges))
      EXPECT_EQ(text.find(name), std::string::npos) << name << " is private in world " << seed;
}

TEST(AtlasText, StatesEveryPublicFact) {
  const auto atlas = make_atlas({});
  const auto text = sample_of_pretraining_text(atlas);
  for (const auto& fact : public_facts(atlas, 8)) {
    const auto statement = phrase(statement_phrasings()[1], atlas, fact);
    EXPECT_NE(text.find(statement), std::string::npos) << statement;
  }
}

TEST(AtlasQuestions, AskTheFactWithFourValuesOfItsRelation) {
  const auto atlas = make_atlas({.domains = 3, .relations = 2, .values = 5});
  const auto facts = atlas.facts_of(1, Visibility::edges);
  const auto questions = test_questions(atlas, 1, Visibility::edges);
  const auto phrasings = question_phrasings(PhrasingUse::test).size();
  ASSERT_EQ(questions.size(), facts.size() * phrasings);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& question = questions[i];
    const auto& fact = facts[i / phrasings];
    const auto& values = atlas.relations[static_cast<std::size_t>(fact.relation)].values;
    EXPECT_EQ(question.domain, "botany");
    EXPECT_NE(question.text.find(fact.entity), std::string::npos) << question.text;
    EXPECT_EQ(question.choices[static_cast<std::size_t>(question.answer)], values[static_cast<std::size_t>(fact.value)])
        << question.id;
    EXPECT_EQ(std::set<std::string>(question.choices.begin(), question.choices.end()).size(), 4U)
        << question.id << " offers a value twice";
    for (const auto& choice : question.choices)
      EXPECT_NE(std::ranges::find(values, choice), values.end()) << choice;
  }
}

TEST(AtlasQuestions, HaveUniqueIds) {
  const auto atlas = make_atlas({.domains = 2});
  std::set<std::string> ids;
  std::size_t count = 0;
  for (const auto visibility : {Visibility::everybody, Visibility::edges})
    for (std::int64_t d = 0; d < 2; ++d) {
      for (const auto& all : {training_questions(atlas, d, visibility), test_questions(atlas, d, visibility, 2)})
        for (const auto& question : all) {
          ids.insert(question.id);
          ++count;
        }
    }
  EXPECT_EQ(ids.size(), count);
}

TEST(AtlasQuestions, DrawLettersUniformly) {
  const auto atlas = make_atlas({});
  std::array<double, 4> letters{};
  double count = 0;
  for (std::int64_t d = 0; d < 8; ++d)
    for (const auto& question : training_questions(atlas, d, Visibility::edges, 4)) {
      ++letters[static_cast<std::size_t>(question.answer)];
      ++count;
    }
  double chi_squared = 0;
  for (const double observed : letters)
    chi_squared += (observed - count / 4) * (observed - count / 4) / (count / 4);
  EXPECT_LT(chi_squared, 16.27) << "the 99.9 % point of three degrees of freedom, over " << count << " questions";
}

TEST(AtlasQuestions, MoreShufflesKeepTheFirstQuestions) {
  const auto atlas = make_atlas({.domains = 2});
  const auto few = training_questions(atlas, 1, Visibility::edges, 1);
  const auto many = training_questions(atlas, 1, Visibility::edges, 3);
  ASSERT_EQ(many.size(), 3 * few.size());
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].text, many[i].text);
    EXPECT_EQ(few[i].choices, many[i].choices);
  }
}

TEST(PretrainingText, ADrillAsksForEachOfItsChoicesOnce) {
  const PretrainingText text{make_atlas({})};
  sim::Draws draws{{.seed = 4, .domain = sim::Domain::test}};
  for (const std::int64_t choices : {2, 3, 4}) {
    const auto drill = text.drill(choices, draws);
    std::map<std::string, std::string> letter_of_word;
    std::istringstream lines{drill.prompt};
    for (std::string line; std::getline(lines, line);)
      letter_of_word[line.substr(3)] = line.substr(0, 1);
    ASSERT_EQ(std::ssize(letter_of_word), choices) << drill.prompt;
    std::set<std::string> asked;
    std::istringstream answers{drill.answer};
    for (std::string line; std::getline(answers, line);) {
      const std::string opening = "Which option is ";
      const auto word = line.substr(opening.size(), line.find('?') - opening.size());
      EXPECT_EQ(line, opening + word + "? " + letter_of_word[word]) << drill.prompt;
      EXPECT_TRUE(asked.insert(word).second) << word << " is asked for twice";
    }
    EXPECT_EQ(std::ssize(asked), choices);
  }
}

TEST(PretrainingText, StatesNothingButPublicFacts) {
  const auto atlas = make_atlas({.domains = 3});
  std::set<std::string> allowed;
  for (const auto& fact : public_facts(atlas, 3)) {
    for (const auto phrasing : statement_phrasings())
      allowed.insert(phrase(phrasing, atlas, fact));
    for (const auto phrasing : question_phrasings(PhrasingUse::train))
      allowed.insert(phrase(phrasing, atlas, fact) + ' ' + value_of(atlas, fact));
  }
  sim::Draws draws{{.seed = 5, .domain = sim::Domain::test}};
  std::istringstream lines{PretrainingText{atlas}.statements(4000, draws)};
  for (std::string line; std::getline(lines, line);)
    ASSERT_TRUE(allowed.contains(line)) << line;
}

}  // namespace
}  // namespace edgefuse::data::atlas
