#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/composer.hpp"
#include "data/domains.hpp"
#include "data/mmlu.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::data {
namespace {

TEST(RealMmlu, HasTheAuthorsNumbersOfQuestionsAndDomains) {
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto folder = testing::assets() / "data/mmlu";
  EXPECT_EQ(read_mmlu(folder, MmluSplit::dev, DomainLevel::subject).size(), 285u);
  EXPECT_EQ(read_mmlu(folder, MmluSplit::val, DomainLevel::subject).size(), 1531u);
  const auto test = read_mmlu(folder, MmluSplit::test, DomainLevel::subject);
  EXPECT_EQ(test.size(), 14042u);
  EXPECT_EQ(distinct(labels_of(test)).size(), 57u);
  EXPECT_EQ(distinct(labels_of(read_mmlu(folder, MmluSplit::test, DomainLevel::subcategory))).size(), 17u);
  EXPECT_EQ(distinct(labels_of(read_mmlu(folder, MmluSplit::test, DomainLevel::category))).size(), 4u);
}

TEST(RealMmlu, KeepsLineBreaksInsideFields) {
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto test = read_mmlu(testing::assets() / "data/mmlu", MmluSplit::test, DomainLevel::subject);
  const auto broken = std::ranges::count_if(test, [](const Question& question) {
    return question.text.find('\n') != std::string::npos ||
           std::ranges::any_of(question.choices,
                               [](const std::string& c) { return c.find('\n') != std::string::npos; });
  });
  EXPECT_EQ(broken, 1127);
}

TEST(RealMmlu, GivesEachRowItsOwnFields) {
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto dev = read_mmlu(testing::assets() / "data/mmlu", MmluSplit::dev, DomainLevel::subcategory);
  const auto found = std::ranges::find(dev, "anatomy/dev/0", &Question::id);
  ASSERT_NE(found, dev.end());
  EXPECT_EQ(found->text, "What is the embryological origin of the hyoid bone?");
  EXPECT_EQ(found->choices[2], "The second pharyngeal arch");
  EXPECT_EQ(found->letter(), 'D');
  EXPECT_EQ(found->domain, "health");
  EXPECT_EQ(topic(*found), "anatomy");
}

TEST(RealMmlu, ComposesSeventeenSubcategoriesEvenly) {
  EDGEFUSE_NEEDS_ASSET("data/mmlu");
  const auto test = read_mmlu(testing::assets() / "data/mmlu", MmluSplit::test, DomainLevel::subcategory);
  std::map<std::string, int> uses;
  std::set<std::string> ids;
  for (const auto& composite : compose(test, {.k = 3, .count = 340, .seed = 5})) {
    for (const auto& part : composite.parts) {
      ++uses[part.domain];
      EXPECT_TRUE(ids.insert(part.id).second) << part.id << " comes twice though its domain is not used up";
    }
  }
  EXPECT_EQ(uses.size(), 17u);
  for (const auto& [domain, count] : uses)
    EXPECT_EQ(count, 60) << domain;
}

}  // namespace
}  // namespace edgefuse::data
