#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "server/fuse.hpp"
#include "server/fusion/aggregation_error.hpp"
#include "server/fusion/truncation.hpp"
#include "sim/error.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server {
namespace {

using testing::distance;
using testing::q0;
using testing::random_contributions;
using testing::random_low_rank;
using testing::random_tensor;

/// Changes of one module by `count` clients, all of one rank.
std::vector<Contribution> equal_ranks(std::uint32_t count, std::int64_t rank, std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  std::vector<Contribution> all;
  for (std::uint32_t client = 0; client < count; ++client) {
    all.push_back({.client = client, .weight = 1 + draws.uniform(), .delta = {}});
    all.back().delta[q0] = random_low_rank(21, 34, rank, draws);
  }
  return all;
}

llm::LowRank& factors(Contribution& contribution) {
  return std::get<llm::LowRank>(contribution.delta.at(q0));
}

at::Tensor fused(const std::vector<Contribution>& contributions, const std::string& rule,
                 const Parameters& parameters = {}, const PublicLoss& loss = {}) {
  const auto all =
      fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make(rule, parameters), {}, loss);
  return llm::dense(all.at(q0)).to(at::kDouble);
}

double error(const std::vector<Contribution>& contributions, const std::string& rule,
             const Parameters& parameters = {}) {
  const auto source = source_of(contributions);
  AggregationError error;
  error.add(llm::Dense{fused(contributions, rule, parameters)}, source.parts(q0), source.total_weight);
  return error.relative();
}

double total(const std::vector<Contribution>& contributions) {
  double sum = 0;
  for (const auto& contribution : contributions)
    sum += contribution.weight;
  return sum;
}

TEST(FedIt, IsTheProductOfTheMeanFactors) {
  auto contributions = equal_ranks(4, 3, 81);
  auto a = at::zeros({3, 34}, at::kDouble);
  auto b = at::zeros({21, 3}, at::kDouble);
  for (auto& contribution : contributions) {
    a += contribution.weight / total(contributions) * factors(contribution).a.to(at::kDouble);
    b += contribution.weight / total(contributions) * factors(contribution).b.to(at::kDouble);
  }
  EXPECT_LT(distance(fused(contributions, "fedit"), at::mm(b, a)), 1e-5);
  EXPECT_GT(error(contributions, "fedit"), 0.1) << "the biased baseline";
}

TEST(FedIt, IsExactWithACommonFactor) {
  auto contributions = equal_ranks(4, 3, 82);
  for (auto& contribution : contributions)
    factors(contribution).a = factors(contributions.front()).a;
  EXPECT_LT(error(contributions, "fedit"), 1e-6) << "FFA-LoRA, RoLoRA";
}

TEST(FedIt, PayingForTheOrderOfRanksIsItsFault) {
  auto contributions = equal_ranks(2, 2, 83);
  factors(contributions[1]) = {.a = factors(contributions[0]).a.flip(0).contiguous(),
                               .b = factors(contributions[0]).b.flip(1).contiguous()};
  EXPECT_LT(distance(llm::dense(contributions[0].delta.at(q0)), llm::dense(contributions[1].delta.at(q0))), 1e-6);
  EXPECT_GT(error(contributions, "fedit"), 0.1) << "one change twice, its ranks swapped";
  EXPECT_LT(error(contributions, "hetlora"), 10) << "padding does not help either, but nothing is infinite";
}

TEST(FedEx, MeanFactorsAndResidualAreTheExactMean) {
  const auto contributions = equal_ranks(5, 3, 84);
  EXPECT_LT(distance(fused(contributions, "fedit") + fused(contributions, "fedex-residual"),
                     fused(contributions, "weighted-mean")),
            1e-5);
  EXPECT_LT(error(contributions, "fedex"), 1e-6);
}

TEST(FactorRules, RefuseUnlikeRanks) {
  const auto contributions = random_contributions(3, 85);
  for (const auto* rule : {"fedit", "fedex", "fedex-residual", "lora-fair", "peft-linear", "peft-ties", "lorahub"}) {
    try {
      (void)fused(contributions, rule, {}, [](const llm::ModelDelta&) { return 0.0; });
      ADD_FAILURE() << rule << " added factors of unlike ranks";
    } catch (const InputError& mistake) {
      EXPECT_NE(std::string{mistake.what()}.find("rank"), std::string::npos) << rule << ": " << mistake.what();
    }
  }
}

TEST(FlexLora, IsTheBestOfItsRankAndItsErrorIsTheTail) {
  const auto contributions = equal_ranks(5, 3, 86);
  const auto mean = fused(contributions, "weighted-mean");
  const auto s = std::get<1>(at::linalg_svd(mean));
  const double tail = s.slice(0, 4).norm().item<double>();
  EXPECT_NEAR((fused(contributions, "flexlora", {{"rank", 4.0}}) - mean).norm().item<double>(), tail, 1e-5);
  EXPECT_LT(error(contributions, "flexlora", {{"rank", 15.0}}), 1e-5) << "all ranks together";
}

TEST(HetLora, WeighsByTheSizeOfEachChange) {
  auto contributions = random_contributions(3, 87);  // ranks 1, 2, 3
  auto a = at::zeros({3, 34}, at::kDouble);
  auto b = at::zeros({21, 3}, at::kDouble);
  double norms = 0;
  for (auto& c : contributions)
    norms += llm::dense(c.delta.at(q0)).to(at::kDouble).norm().item<double>();
  for (auto& c : contributions) {
    const double share = llm::dense(c.delta.at(q0)).to(at::kDouble).norm().item<double>() / norms;
    const auto& low = factors(c);
    a.narrow(0, 0, low.a.size(0)) += share * low.a.to(at::kDouble);
    b.narrow(1, 0, low.b.size(1)) += share * low.b.to(at::kDouble);
  }
  EXPECT_LT(distance(fused(contributions, "hetlora"), at::mm(b, a)), 1e-5);
}

TEST(HetLora, GoesOnWithTheMeanAOfAModuleThatNobodyHasChanged) {
  auto contributions = equal_ranks(2, 3, 89);
  for (auto& c : contributions)
    std::get<llm::LowRank>(c.delta.at(q0)).b.zero_();
  const auto mean = 0.5 * (factors(contributions[0]).a + factors(contributions[1]).a);
  const auto result = fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make("hetlora"));
  EXPECT_LT(distance(std::get<llm::LowRank>(result.at(q0)).a, mean), 1e-6);
}

TEST(LoraFair, IsNearerToTheDirectionOfTheMeanThanFedIt) {
  const auto contributions = equal_ranks(4, 3, 88);
  const auto mean = fused(contributions, "weighted-mean");
  const auto cosine = [&](const at::Tensor& x) { return ((x * mean).sum() / (x.norm() * mean.norm())).item<double>(); };
  const double biased = cosine(fused(contributions, "fedit"));
  EXPECT_GT(cosine(fused(contributions, "lora-fair")), biased + 0.05);
  // With λ = 0 B is free: the mean's projection on the row space of the mean A is the best there is.
  const auto free = fused(contributions, "lora-fair", {{"lambda", 0.0}, {"steps", 5000.0}});
  const auto rows = std::get<2>(at::linalg_svd(fused(contributions, "fedit"), false)).narrow(0, 0, 3);
  const auto best = at::mm(at::mm(mean, rows.t()), rows);
  EXPECT_NEAR(cosine(free), cosine(best), 1e-4);
  EXPECT_LT(distance(fused(contributions, "lora-fair", {{"lambda", 1e6}}), fused(contributions, "fedit")), 1e-3);
}

TEST(Tsv, OrthogonalTasksAreAddedUp) {
  auto contributions = equal_ranks(2, 2, 89);
  // The second works on other rows and columns than the first.
  auto& first = factors(contributions[0]);
  auto& second = factors(contributions[1]);
  first.a.slice(1, 17).zero_();
  second.a.slice(1, 0, 17).zero_();
  first.b.slice(0, 10).zero_();
  second.b.slice(0, 0, 10).zero_();
  EXPECT_LT(distance(fused(contributions, "tsv"), fused(contributions, "sum")), 1e-5);
}

TEST(IsoC, EverySingularValueIsTheMeanOfTheSums) {
  const auto contributions = equal_ranks(3, 2, 90);
  const auto before = std::get<1>(at::linalg_svd(fused(contributions, "sum"))).narrow(0, 0, 6);
  const auto after = std::get<1>(at::linalg_svd(fused(contributions, "iso-c-core"))).narrow(0, 0, 6);
  EXPECT_LT((after - before.mean()).abs().max().item<double>(), 1e-4);
}

TEST(Lego, UnitsThatAreAlikeBecomeOne) {
  auto contributions = equal_ranks(3, 2, 91);
  // The same two units thrice: once in another order, once with both signs turned.
  factors(contributions[1]) = {.a = factors(contributions[0]).a.flip(0).contiguous(),
                               .b = factors(contributions[0]).b.flip(1).contiguous()};
  factors(contributions[2]) = {.a = -factors(contributions[0]).a, .b = -factors(contributions[0]).b};
  EXPECT_LT(distance(fused(contributions, "lego"), llm::dense(contributions[0].delta.at(q0))), 1e-4);
}

// What clients reveal.

void reveal(std::vector<Contribution>& contributions, std::uint64_t seed) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  for (auto& contribution : contributions) {
    const auto inputs = random_tensor({50, 34}, draws);
    contribution.statistics[q0] = {.gram = at::mm(inputs.t(), inputs) / 50,
                                   .fisher = random_tensor({21, 34}, draws).square()};
  }
}

TEST(RegMean, SolvesTheNormalEquations) {
  auto contributions = equal_ranks(3, 2, 92);
  reveal(contributions, 93);
  auto right = at::zeros({21, 34}, at::kDouble);
  auto grams = at::zeros({34, 34}, at::kDouble);
  for (const auto& c : contributions) {
    const auto gram = c.statistics.at(q0).gram.to(at::kDouble);
    right += at::mm(llm::dense(c.delta.at(q0)).to(at::kDouble), gram);
    grams += gram;
  }
  const auto expected = at::mm(right, at::linalg_inv(grams));
  EXPECT_LT(distance(fused(contributions, "regmean", {{"off-diagonal", 1.0}}), expected),
            1e-3 * expected.abs().max().item<double>());
}

TEST(RegMean, OfClientsWithTheSameInputsIsTheMean) {
  auto contributions = equal_ranks(3, 2, 94);
  reveal(contributions, 95);
  for (auto& c : contributions)
    c.statistics[q0] = contributions.front().statistics.at(q0);
  EXPECT_LT(distance(fused(contributions, "regmean", {{"off-diagonal", 1.0}}), fused(contributions, "mean")), 1e-4);
}

TEST(FisherRule, TakesEachEntryFromWhomeverMindsIt) {
  auto contributions = equal_ranks(2, 2, 96);
  reveal(contributions, 97);
  auto& first = contributions[0].statistics[q0].fisher;
  auto& second = contributions[1].statistics[q0].fisher;
  first = at::zeros({21, 34});
  second = at::zeros({21, 34});
  first.slice(0, 0, 10).fill_(1);
  second.slice(0, 10).fill_(1);
  const auto change = fused(contributions, "fisher", {{"floor", 1e-12}});
  EXPECT_LT(distance(change.slice(0, 0, 10), llm::dense(contributions[0].delta.at(q0)).slice(0, 0, 10)), 1e-5);
  EXPECT_LT(distance(change.slice(0, 10), llm::dense(contributions[1].delta.at(q0)).slice(0, 10)), 1e-5);
}

TEST(RulesThatNeedToKnow, RefuseWhoRevealsNothing) {
  auto contributions = equal_ranks(2, 2, 98);
  reveal(contributions, 99);
  contributions[1].statistics.clear();
  for (const auto* rule : {"regmean", "fisher"}) {
    try {
      (void)fused(contributions, rule);
      ADD_FAILURE() << rule;
    } catch (const InputError& mistake) {
      EXPECT_NE(std::string{mistake.what()}.find("client 1"), std::string::npos) << mistake.what();
    }
  }
}

TEST(LoraHub, FindsCoefficientsThatPublicTextsLike) {
  auto contributions = equal_ranks(2, 2, 100);
  // What the public likes is the first adapter alone.
  const auto wanted = llm::dense(contributions[0].delta.at(q0));
  const auto loss = [&](const llm::ModelDelta& change) {
    return ((llm::dense(change.at(q0)) - wanted).norm() / wanted.norm()).item<double>();
  };
  const auto found = fused(contributions, "lorahub", {{"steps", 400.0}}, loss);
  EXPECT_LT((found - wanted).norm().item<double>(), 0.3 * wanted.norm().item<double>());
  EXPECT_TRUE(at::equal(found, fused(contributions, "lorahub", {{"steps", 400.0}}, loss))) << "seeded";
  EXPECT_THROW((void)fused(contributions, "lorahub"), InputError) << "without public texts";
}

TEST(SignedWeights, AreForRulesThatSubtract) {
  auto contributions = equal_ranks(2, 2, 101);
  contributions[1].weight = -0.5;
  const auto expected = contributions[0].weight * llm::dense(contributions[0].delta.at(q0)) -
                        0.5 * llm::dense(contributions[1].delta.at(q0));
  EXPECT_LT(distance(fused(contributions, "weighted-sum"), expected), 1e-5);
  EXPECT_THROW((void)fused(contributions, "weighted-mean"), InputError);
}

TEST(AggregationErrors, OfFactorsAndOfMatricesAreTheSame) {
  const auto contributions = equal_ranks(4, 3, 102);
  const auto source = source_of(contributions);
  const auto change = fuse(contributions, *conflict_resolvers().make("none"), *fusion_rules().make("fedit"));
  AggregationError low;
  AggregationError dense;
  low.add(change.at(q0), source.parts(q0), source.total_weight);
  dense.add(llm::Dense{llm::dense(change.at(q0))}, source.parts(q0), source.total_weight);
  EXPECT_NEAR(low.relative(), dense.relative(), 1e-6);
  EXPECT_NEAR(low.of_mean(), fused(contributions, "weighted-mean").norm().item<double>(), 1e-5);
}

}  // namespace
}  // namespace edgefuse::server
