#include "server/fusion/coverage.hpp"
#include "server/conflict/resolved.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "server/conflict/cr_sign.hpp"
#include "server/fuse.hpp"
#include "server/fuse_in_groups.hpp"
#include "tests/server/deltas.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using Numbers = std::vector<double>;

TEST(Kept, IsEverythingUnlessToldOtherwise) {
  EXPECT_TRUE(Kept{}.all_of(7));
  EXPECT_EQ(Kept{}.indicator(3), (Numbers{1, 1, 1}));
}

TEST(Kept, MayBeAPrefixOrAList) {
  EXPECT_EQ(Kept::first(2).indicator(4), (Numbers{1, 1, 0, 0}));
  EXPECT_EQ(Kept::only({1, 3}).indicator(4), (Numbers{0, 1, 0, 1}));
  EXPECT_EQ(Kept::first(0).indicator(2), (Numbers{0, 0}));
  EXPECT_EQ(Kept::only({}).indicator(2), (Numbers{0, 0}));
}

TEST(Kept, KnowsWhenNothingIsLeftOut) {
  EXPECT_TRUE(Kept::first(4).all_of(4));
  EXPECT_FALSE(Kept::first(3).all_of(4));
  EXPECT_TRUE(Kept::only({0, 1, 2}).all_of(3));
  EXPECT_FALSE(Kept::only({0, 1, 3}).all_of(4));
}

TEST(Kept, UnitesToWhatEitherKeeps) {
  EXPECT_EQ(united(Kept::first(2), Kept::first(3)), Kept::first(3));
  EXPECT_TRUE(united(Kept::first(2), Kept{}).all_of(9));
  EXPECT_TRUE(united(Kept{}, Kept::only({1})).all_of(9));
  EXPECT_EQ(united(Kept::only({1, 4}), Kept::only({0, 4})), Kept::only({0, 1, 4}));
  EXPECT_EQ(united(Kept::first(2), Kept::only({1, 5})), Kept::only({0, 1, 5}));
}

TEST(KeptDeath, IndicesAreAscendingAndExist) {
  EXPECT_DEATH((void)Kept::only({2, 1}), "ascend");
  EXPECT_DEATH((void)Kept::only({1, 1}), "ascend");
  EXPECT_DEATH((void)Kept::only({-1, 1}), "start from 0");
  EXPECT_DEATH((void)Kept::only({1, 4}).indicator(4), "exists");
  EXPECT_DEATH((void)Kept::first(5).indicator(4), "exists");
}

TEST(Coverage, OfTheWholeBaseNamesNothing) {
  sim::Draws draws{{.seed = 131, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  EXPECT_TRUE(coverage_of(llm::full_shape(config), config).empty());
}

TEST(Coverage, OfAVariantIsWhereZeroFillIsNotZero) {
  sim::Draws draws{{.seed = 132, .domain = sim::Domain::test}};
  for (int i = 0; i < 10; ++i) {
    const testing::Sent sent{draws};
    const auto coverage = coverage_of(sent.update.variant, sent.base.config);
    for (const auto& [id, delta] : sent.recovered("zero-fill")) {
      const auto [rows, columns] = covered(coverage, id);
      const auto filled = llm::dense(delta).ne(0);
      const auto row_kept = rows.indicator(filled.size(0));
      const auto column_kept = columns.indicator(filled.size(1));
      for (std::int64_t r = 0; r < filled.size(0); ++r)
        for (std::int64_t c = 0; c < filled.size(1); ++c)
          ASSERT_EQ(filled[r][c].item<bool>(),
                    row_kept[static_cast<std::size_t>(r)] * column_kept[static_cast<std::size_t>(c)] == 1)
              << id.name() << " at " << r << ", " << c;
    }
  }
}

TEST(Coverage, OfLayersThatStayWholeIsNotListed) {
  sim::Draws draws{{.seed = 133, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  for (const auto& [id, own] : coverage_of(variant_shape(config, 0.5, 1, 1), config))
    EXPECT_EQ(id.layer, 1) << id.name();
}

TEST(Coverage, GoesThroughEveryConflictResolver) {
  auto contributions = testing::random_contributions(4, 134);
  for (std::uint32_t i = 0; i < 4; ++i)
    contributions[i].coverage[testing::q0] = {.rows = Kept::first(20 - i), .columns = Kept::only({i})};
  std::ranges::reverse(contributions);
  const auto resolvers = conflict_resolvers();
  for (const auto& method : resolvers.methods()) {
    const auto resolver = conflict_resolvers().make(method.name);
    const auto modules = server::resolved(source_of(contributions), *resolver);
    for (const auto& part : modules.parts(testing::q0)) {
      EXPECT_EQ(part.coverage.rows, Kept::first(20 - static_cast<std::int64_t>(part.index))) << method.name;
      EXPECT_EQ(part.coverage.columns, Kept::only({static_cast<std::int64_t>(part.index)})) << method.name;
    }
    for (const auto& part : modules.parts(testing::down0))
      EXPECT_EQ(part.coverage, ModuleCoverage{}) << method.name;
  }
}

TEST(Coverage, OfAGroupIsWhatItsMembersCoverTogether) {
  // Two groups of two; of each group one client alone has the last rows of q0.
  auto contributions = testing::random_contributions(4, 135);
  for (auto& contribution : contributions) {
    contribution.weight = 1;
    contribution.delta.erase(testing::down0);
    contribution.delta.erase(testing::gate1);
  }
  for (const auto i : {0U, 2U, 3U}) {
    contributions[i].coverage[testing::q0].rows = Kept::first(15);
    std::get<llm::LowRank>(contributions[i].delta.at(testing::q0)).b.narrow(0, 15, 6).zero_();
  }
  const std::vector<std::uint32_t> groups = {0, 0, 1, 1};
  const auto fused =
      fuse_in_groups(contributions, groups, *conflict_resolvers().make("none"), *fusion_rules().make("coverage-mean"));
  const auto got = llm::dense(fused.at(testing::q0));
  const auto alone = llm::dense(contributions[1].delta.at(testing::q0));
  EXPECT_LT(testing::distance(got.narrow(0, 15, 6), alone.narrow(0, 15, 6)), 1e-5)
      << "rows that one client of one group alone has";
}

}  // namespace
}  // namespace edgefuse::server
