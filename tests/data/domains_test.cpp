#include "data/domains.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/error.hpp"

namespace edgefuse::data {
namespace {

std::vector<std::string> labels(int a, int b, int c) {
  std::vector<std::string> all;
  for (int i = 0; i < std::max({a, b, c}); ++i) {
    if (i < a) all.push_back("a");
    if (i < b) all.push_back("b");
    if (i < c) all.push_back("c");
  }
  return all;
}

TEST(Domains, AreListedInOrderOfAppearance) {
  const std::vector<std::string> given = {"b", "a", "b", "c", "a"};
  EXPECT_EQ(distinct(given), (std::vector<std::string>{"b", "a", "c"}));
}

TEST(Domains, KeepTheLargestInFileOrder) {
  std::vector<Example> examples;
  for (const auto* domain : {"x", "y", "z", "y", "z", "z", "w", "w"})
    examples.push_back({domain, "", std::to_string(examples.size())});
  EXPECT_EQ(labels_of(keep_largest_domains(examples, 2)), (std::vector<std::string>{"y", "z", "y", "z", "z"}));
  EXPECT_THROW(static_cast<void>(keep_largest_domains(examples, 5)), InputError);
  EXPECT_THROW(static_cast<void>(keep_largest_domains(examples, 0)), InputError);
}

TEST(Split, HoldsOutItsShareOfEveryLabel) {
  const auto all = labels(40, 10, 1);
  const auto split = split_by_label(all, 0.2, 3);
  const auto held_out = [&](const std::string& label) {
    return std::ranges::count_if(split.held_out, [&](std::size_t i) { return all[i] == label; });
  };
  EXPECT_EQ(held_out("a"), 8);
  EXPECT_EQ(held_out("b"), 2);
  EXPECT_EQ(held_out("c"), 0) << "a single item is trained on";
  std::vector<std::size_t> both = split.train;
  both.insert(both.end(), split.held_out.begin(), split.held_out.end());
  std::ranges::sort(both);
  ASSERT_EQ(both.size(), all.size());
  for (std::size_t i = 0; i < both.size(); ++i)
    EXPECT_EQ(both[i], i);
}

TEST(Split, HoldsOutAtLeastOneAndNeverAll) {
  const auto pair = labels(2, 0, 0);
  EXPECT_EQ(split_by_label(pair, 0.01, 1).held_out.size(), 1u);
  EXPECT_EQ(split_by_label(pair, 0.99, 1).held_out.size(), 1u);
}

TEST(Split, FollowsItsSeedAlone) {
  const auto all = labels(50, 50, 50);
  EXPECT_EQ(split_by_label(all, 0.3, 1).held_out, split_by_label(all, 0.3, 1).held_out);
  EXPECT_NE(split_by_label(all, 0.3, 1).held_out, split_by_label(all, 0.3, 2).held_out);
}

TEST(Split, RefusesAShareOutsideZeroAndOne) {
  for (const double share : {0.0, 1.0, -0.1, std::nan("")})
    EXPECT_THROW(static_cast<void>(split_by_label(labels(5, 5, 5), share, 1)), InputError) << share;
}

}  // namespace
}  // namespace edgefuse::data
