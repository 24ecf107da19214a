#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/partitioners/registry.hpp"
#include "sim/error.hpp"

namespace edgefuse::data {
namespace {

/// Labels of unequal frequency in a scrambled order: about 3/6, 2/6 and 1/6 of `n`.
std::vector<std::string> uneven(std::size_t n) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < n; ++i)
    labels.push_back(i * 7 % 6 < 3 ? "law" : i * 7 % 6 < 5 ? "math" : "art");
  return labels;
}

/// `each` examples of every one of `kinds` labels.
std::vector<std::string> even(std::size_t kinds, std::size_t each) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < kinds * each; ++i)
    labels.push_back(std::string(1, static_cast<char>('a' + i % kinds)));
  return labels;
}

void expect_every_example_once(const Partition& partition, std::size_t examples, const std::string& what) {
  std::vector<int> times(examples, 0);
  for (const auto& indices : partition) {
    EXPECT_FALSE(indices.empty()) << what << ": a client without examples";
    EXPECT_TRUE(std::ranges::is_sorted(indices)) << what;
    for (const auto index : indices)
      ++times.at(index);
  }
  for (std::size_t i = 0; i < examples; ++i)
    EXPECT_EQ(times[i], 1) << what << ": example " << i;
}

/// Mean over clients of the share of each client's most frequent label.
double purity(const Partition& partition, const std::vector<std::string>& labels) {
  double sum = 0;
  for (const auto& indices : partition) {
    std::map<std::string, int> counts;
    for (const auto index : indices)
      ++counts[labels[index]];
    int most = 0;
    for (const auto& [label, count] : counts)
      most = std::max(most, count);
    sum += most / static_cast<double>(indices.size());
  }
  return sum / static_cast<double>(partition.size());
}

Partition divide(const std::string& name, const std::vector<std::string>& labels, std::int64_t clients,
                 std::uint64_t seed, const Parameters& parameters = {}) {
  return partitioners().make(name, parameters)->partition({labels, clients, seed});
}

TEST(Partitioners, GiveEveryExampleToExactlyOneClient) {
  const auto labels = uneven(101);
  const auto registry = partitioners();
  for (const auto& method : registry.methods()) {
    const std::vector<std::int64_t> sizes =
        method.name == "natural" ? std::vector<std::int64_t>{3} : std::vector<std::int64_t>{3, 7, 10};
    for (const auto clients : sizes) {
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto partition = divide(method.name, labels, clients, seed);
        EXPECT_EQ(std::ssize(partition), clients) << method.name;
        expect_every_example_once(partition, labels.size(), method.name);
      }
    }
  }
}

TEST(Partitioners, DependOnTheirSeedAlone) {
  const auto labels = uneven(200);
  for (const auto* name : {"iid", "dirichlet", "by-domain"}) {
    EXPECT_EQ(divide(name, labels, 6, 1), divide(name, labels, 6, 1)) << name;
    EXPECT_NE(divide(name, labels, 6, 1), divide(name, labels, 6, 2)) << name;
  }
}

TEST(Partitioners, RefuseMoreClientsThanExamplesAndNoClients) {
  const auto labels = uneven(12);
  const auto registry = partitioners();
  for (const auto& method : registry.methods()) {
    EXPECT_THROW(static_cast<void>(divide(method.name, labels, 13, 1)), InputError) << method.name;
    EXPECT_THROW(static_cast<void>(divide(method.name, labels, 0, 1)), InputError) << method.name;
    EXPECT_THROW(static_cast<void>(divide(method.name, {}, 3, 1)), InputError) << method.name;
  }
}

TEST(Partitioners, RefuseUnknownNamesAndParameters) {
  EXPECT_THROW(static_cast<void>(partitioners().make("dirichet")), InputError);
  EXPECT_THROW(static_cast<void>(partitioners().make("dirichlet", {{"alpha", 0.0}})), InputError);
  EXPECT_THROW(static_cast<void>(partitioners().make("iid", {{"alpha", 1.0}})), InputError);
}

TEST(Iid, DealsSharesThatDifferByOneAtMost) {
  for (const auto& indices : divide("iid", uneven(101), 7, 4))
    EXPECT_TRUE(indices.size() == 14 || indices.size() == 15) << indices.size();
}

TEST(ByDomain, GivesEveryClientOneDomainOnly) {
  const auto labels = uneven(101);
  EXPECT_EQ(purity(divide("by-domain", labels, 8, 1), labels), 1);
}

TEST(ByDomain, DealsDomainsInTurnAndExamplesEvenly) {
  const auto labels = even(3, 30);
  const auto partition = divide("by-domain", labels, 7, 1);
  std::vector<std::string> held;
  std::vector<std::size_t> sizes;
  for (const auto& indices : partition) {
    held.push_back(labels[indices[0]]);
    sizes.push_back(indices.size());
  }
  EXPECT_EQ(held, (std::vector<std::string>{"a", "b", "c", "a", "b", "c", "a"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{10, 15, 15, 10, 15, 15, 10}));
}

TEST(ByDomain, RefusesFewerClientsThanDomainsAndTooSmallDomains) {
  EXPECT_THROW(static_cast<void>(divide("by-domain", even(4, 10), 3, 1)), InputError);
  const std::vector<std::string> lonely = {"a", "a", "a", "a", "b"};
  EXPECT_THROW(static_cast<void>(divide("by-domain", lonely, 4, 1)), InputError);
}

TEST(Natural, MakesAClientOfEachSourceInOrderOfAppearance) {
  const std::vector<std::string> labels = {"z", "a", "z", "m", "a"};
  EXPECT_EQ(divide("natural", labels, 3, 1), (Partition{{0, 2}, {1, 4}, {3}}));
  EXPECT_THROW(static_cast<void>(divide("natural", labels, 2, 1)), InputError);
}

TEST(Dirichlet, GivesEqualSharesWhateverAlpha) {
  for (const double alpha : {1e-6, 0.1, 1.0, 1e6})
    for (const auto& indices : divide("dirichlet", uneven(101), 7, 4, {{"alpha", alpha}}))
      EXPECT_TRUE(indices.size() == 14 || indices.size() == 15) << alpha;
}

TEST(Dirichlet, IsNearlyIidForLargeAlpha) {
  const auto labels = even(4, 500);
  // 200 examples for each client: the largest of four shares near 1/4 is within a few standard errors (0.03).
  EXPECT_LT(purity(divide("dirichlet", labels, 10, 1, {{"alpha", 1e7}}), labels), 0.33);
}

TEST(Dirichlet, IsNearlyPureForSmallAlpha) {
  // Ten clients of 200 fit four labels of 500 with two mixed clients a label at worst.
  const auto labels = even(4, 500);
  EXPECT_GT(purity(divide("dirichlet", labels, 10, 1, {{"alpha", 1e-5}}), labels), 0.85);
  const auto fitting = even(4, 400);
  EXPECT_EQ(purity(divide("dirichlet", fitting, 8, 1, {{"alpha", 1e-6}}), fitting), 1);
}

TEST(Dirichlet, GrowsPurerAsAlphaFalls) {
  const auto labels = even(5, 400);
  double before = 0;
  for (const double alpha : {1000.0, 10.0, 1.0, 0.1, 0.001}) {
    double mean = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed)
      mean += purity(divide("dirichlet", labels, 20, seed, {{"alpha", alpha}}), labels) / 8;
    EXPECT_GT(mean, before) << "alpha " << alpha;
    before = mean;
  }
}

TEST(Dirichlet, HasTheVarianceOfItsDistribution) {
  // A client that fills first sees no exhausted label: Var q_k = p (1 - p) / (alpha + 1), and drawing m examples adds
  // the binomial's part. With two equal labels and few clients of a large pool that is nearly all clients.
  const auto labels = even(2, 4000);
  const double alpha = 3;
  double square = 0;
  int clients = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto partition = divide("dirichlet", labels, 80, seed, {{"alpha", alpha}});
    for (std::size_t c = 0; c < 3; ++c, ++clients) {
      const auto first = std::ranges::count_if(partition[c], [&](std::size_t i) { return labels[i] == "a"; });
      const double share = static_cast<double>(first) / static_cast<double>(partition[c].size());
      square += (share - 0.5) * (share - 0.5);
    }
  }
  const double m = 100;
  const double variance = 0.25 * (1 / (alpha + 1) + alpha / (alpha + 1) / m);
  EXPECT_NEAR(square / clients, variance, 0.1 * variance);
}

}  // namespace
}  // namespace edgefuse::data
