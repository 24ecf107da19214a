#include "data/composer.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/error.hpp"
#include "tests/data/questions.hpp"

namespace edgefuse::data {
namespace {

using testing::questions;

TEST(Composer, AsksQuestionsOfDistinctDomains) {
  for (const auto& composite : compose(questions({{"a", 5}, {"b", 9}, {"c", 7}}), {.k = 2, .count = 40, .seed = 3})) {
    ASSERT_EQ(composite.parts.size(), 2u);
    EXPECT_NE(composite.parts[0].domain, composite.parts[1].domain) << composite.id;
  }
}

TEST(Composer, UsesDomainsEquallyOften) {
  std::map<std::string, int> uses;
  const auto pool = questions({{"a", 5}, {"b", 90}, {"c", 7}, {"d", 8}, {"e", 8}});
  for (const auto& composite : compose(pool, {.k = 3, .count = 11, .seed = 1}))
    for (const auto& part : composite.parts)
      ++uses[part.domain];
  for (const auto& [domain, count] : uses)
    EXPECT_TRUE(count == 6 || count == 7) << domain << " is used " << count << " times of 33 over 5 domains";
}

TEST(Composer, RepeatsNoQuestionBeforeItsDomainIsUsedUp) {
  const auto pool = questions({{"a", 3}, {"b", 5}});
  std::map<std::string, std::vector<std::string>> asked;
  for (const auto& composite : compose(pool, {.k = 2, .count = 15, .seed = 1}))
    for (const auto& part : composite.parts)
      asked[part.domain].push_back(part.id);
  for (const auto& [domain, ids] : asked) {
    const std::size_t size = domain == "a" ? 3 : 5;
    for (std::size_t lap = 0; lap + size <= ids.size(); lap += size) {
      const std::set<std::string> once(ids.begin() + static_cast<std::ptrdiff_t>(lap),
                                       ids.begin() + static_cast<std::ptrdiff_t>(lap + size));
      EXPECT_EQ(once.size(), size) << "lap from " << lap << " of domain " << domain;
    }
  }
}

TEST(Composer, PutsDomainsInEveryOrderAndPairing) {
  std::map<std::string, int> orders;
  for (const auto& composite : compose(questions({{"a", 9}, {"b", 9}, {"c", 9}}), {.k = 2, .count = 600, .seed = 2}))
    ++orders[composite.parts[0].domain + composite.parts[1].domain];
  EXPECT_EQ(orders.size(), 6u);
  for (const auto& [order, count] : orders)
    EXPECT_NEAR(count, 100, 45) << order;  // five standard deviations of a binomial count
}

TEST(Composer, DependsOnItsSeedAlone) {
  const auto pool = questions({{"a", 20}, {"b", 20}, {"c", 20}});
  const auto ids = [&](std::uint64_t seed) {
    std::vector<std::string> all;
    for (const auto& composite : compose(pool, {.k = 2, .count = 30, .seed = seed}))
      for (const auto& part : composite.parts)
        all.push_back(part.id);
    return all;
  };
  EXPECT_EQ(ids(7), ids(7));
  EXPECT_NE(ids(7), ids(8));
}

TEST(Composer, BeginsLongerBenchmarksLikeShorterOnes) {
  const auto pool = questions({{"a", 20}, {"b", 20}, {"c", 20}});
  const auto few = compose(pool, {.k = 2, .count = 5, .seed = 1});
  const auto many = compose(pool, {.k = 2, .count = 50, .seed = 1});
  for (std::size_t i = 0; i < few.size(); ++i)
    EXPECT_EQ(composite_prompt(few[i]), composite_prompt(many[i])) << i;
}

TEST(Composer, RefusesMoreQuestionsThanDomains) {
  const auto pool = questions({{"a", 20}, {"b", 20}});
  EXPECT_THROW(static_cast<void>(compose(pool, {.k = 3, .count = 5, .seed = 1})), InputError);
  EXPECT_THROW(static_cast<void>(compose({}, {.k = 1, .count = 5, .seed = 1})), InputError);
  try {
    static_cast<void>(compose(pool, {.k = 0, .count = -1, .seed = 1}));
    FAIL() << "accepted 0 questions";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes().size(), 2u) << error.what();
  }
}

const CompositeQuestion two{
    .id = "x",
    .parts = {{.id = "1",
               .domain = "health",
               .text = "Which bone?",
               .choices = {"hip", "rib", "jaw", "toe"},
               .answer = 3,
               .subject = "human_aging"},
              {.id = "2", .domain = "math", .text = "2 + 2?", .choices = {"4", "5", "6", "7"}, .answer = 0}}};

TEST(Composer, WritesOneInstructionAndNumberedQuestions) {
  EXPECT_EQ(composite_prompt(two),
            "The following are multiple choice questions (with answers).\n\n"
            "Q1 (human aging): Which bone?\nA. hip\nB. rib\nC. jaw\nD. toe\n"
            "Q2 (math): 2 + 2?\nA. 4\nB. 5\nC. 6\nD. 7\n"
            "Answers: Q1:");
}

TEST(Composer, ContinuesWithLettersAndNumbers) {
  EXPECT_EQ(composite_continuation(std::vector{1, 3, 0}), " B, Q2: D, Q3: A");
  EXPECT_EQ(composite_continuation({}), "");
}

TEST(Composer, GrowsThePromptWithEarlierLetters) {
  EXPECT_EQ(composite_prompt(two, {}), composite_prompt(two));
  EXPECT_EQ(composite_prompt(two, std::vector{2}), composite_prompt(two) + " C, Q2:");
}

TEST(Composer, TrainsOnTheRightLetters) {
  const auto example = as_example(two);
  EXPECT_EQ(example.domain, "health+math");
  EXPECT_EQ(example.prompt, composite_prompt(two));
  EXPECT_EQ(example.answer, " D, Q2: A");
}

}  // namespace
}  // namespace edgefuse::data
