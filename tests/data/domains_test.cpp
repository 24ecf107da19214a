#include "data/domains.hpp"

#include <gtest/gtest.h>

#include "sim/error.hpp"

namespace edgefuse::data {
namespace {

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

}  // namespace
}  // namespace edgefuse::data
