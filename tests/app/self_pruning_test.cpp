#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// HetLoRA's rank self-pruning as docs/models/federated-lora.md has it.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::digest_of;
using testing::recorded;
using testing::Rounds;
using testing::TinyWorld;
using testing::whole_with;

/// A penalty so large that last ranks shrink whatever the data say.
std::vector<std::string> self_pruning(const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"adapter.rank=6",
                                  "adapter.self_pruning.decay=0.5",
                                  "adapter.self_pruning.penalty=3",
                                  "training.optimiser=sgd",
                                  "training.learning_rate=0.05",
                                  "recovery.between_rounds=carry",
                                  "protocol.rounds=5",
                                  "fusion.arm[0].rule=hetlora",
                                  "fusion.arm[1].rule=hetlora",
                                  "fusion.arm[1].conflict=none"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(SelfPruning, LastsAndCostsLess) {
  const TinyWorld world;
  const auto result =
      recorded(world, whole_with(self_pruning({"protocol.clients_per_round=6", "fleet.group[1].memory=4 MB"}))).result;
  std::map<std::int64_t, std::vector<std::int64_t>> ranks;  // of each client, round by round
  std::map<std::int64_t, std::set<double>> sent;            // by rank, of clients that all have the whole base
  for (const auto& plan : result.plans) {
    ASSERT_EQ(plan.outcome, results::Outcome::returned) << "client " << plan.client;
    ranks[plan.client].push_back(plan.rank);
    sent[plan.rank].insert(plan.sent.value);
  }
  bool pruned = false;
  for (const auto& [client, own] : ranks) {
    ASSERT_EQ(own.size(), 5U) << "client " << client;
    EXPECT_EQ(own[0], 6) << "client " << client;
    EXPECT_EQ(own[1], 6) << "client " << client << ": from B = 0 no rank becomes smaller";
    for (std::size_t round = 1; round < own.size(); ++round) {
      EXPECT_TRUE(own[round] == own[round - 1] || own[round] == own[round - 1] / 2)
          << "client " << client << " goes from " << own[round - 1] << " to " << own[round];
      pruned = pruned || own[round] < own[round - 1];
    }
  }
  EXPECT_TRUE(pruned) << "nobody gave up a rank: the test shows nothing";
  for (const auto& [rank, bytes] : sent) {
    EXPECT_EQ(bytes.size(), 1U) << "rank " << rank;
    EXPECT_EQ(*bytes.begin() * 6, *sent.at(6).begin() * static_cast<double>(rank)) << "rank " << rank;
  }
}

TEST(SelfPruning, SendsTheRanksThatAreKeptWithWhatTheyDid) {
  const TinyWorld world;
  Rounds pruning{world, whole_with(self_pruning())};
  Rounds whole{world, whole_with(self_pruning({"adapter.self_pruning.penalty=0", "adapter.self_pruning.decay=1"}))};
  for (auto* rounds : {&pruning, &whole}) {
    rounds->run(1);
    rounds->next();
    rounds->run(2);
  }
  bool pruned = false;
  for (std::size_t i = 0; i < pruning.records.size(); ++i) {
    EXPECT_FALSE(whole.records[i].pruned_to.has_value());
    const auto rank = pruning.records[i].pruned_to.value_or(6);
    pruned = pruned || rank < 6;
    EXPECT_EQ(pruning.a_of(i).size(0), rank) << "client " << i;
    EXPECT_EQ(pruning.b_of(i).size(1), rank) << "client " << i;
    EXPECT_EQ(whole.a_of(i).size(0), 6) << "client " << i;
    EXPECT_EQ(pruning.learner.contributions()[i].scale, 4.0 / static_cast<double>(rank)) << "client " << i;
  }
  EXPECT_TRUE(pruned) << "nobody gave up a rank: the test shows nothing";
}

TEST(SelfPruning, WithoutAPenaltyTrainsAsEverBeforeItDecides) {
  const TinyWorld world;
  Rounds off{world, whole_with(self_pruning({"adapter.self_pruning.penalty=0", "adapter.self_pruning.decay=1"}))};
  Rounds on{world, whole_with(self_pruning({"adapter.self_pruning.penalty=0"}))};
  for (auto* rounds : {&off, &on}) {
    rounds->run(1);
    rounds->next();
    rounds->run(2);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const auto kept = on.a_of(i).size(0);
    EXPECT_TRUE(at::equal(on.a_of(i), off.a_of(i).narrow(0, 0, kept))) << "client " << i;
    EXPECT_LT((on.b_of(i) - off.b_of(i).narrow(1, 0, kept)).abs().max().item<double>(), 1e-6) << "client " << i;
  }
}

TEST(SelfPruning, GoesWithCompressionAndPrunedVariantsTheSameOnAnyNumberOfThreads) {
  const TinyWorld world;
  const auto overrides = self_pruning({"compression.method=int8", "compression.error_feedback=true"});
  EXPECT_EQ(digest_of(world, overrides, "1"), digest_of(world, overrides, "3"));
}

TEST(SelfPruning, RefusesWhatItDoesNotGoWithAndSaysWhatToWrite) {
  const TinyWorld world;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"fidelity=timing", "learning"},
      {"recovery.between_rounds=merge", "carry"},
      {"fusion.arm[1].rule=fedit", "hetlora"},
      {"adapter.self_pruning.decay=1", "adapter.self_pruning.penalty"},
      {"adapter.self_pruning.decay=0", "adapter.self_pruning.decay"},
      {"protocol.kind=buffered", "merge"}};
  for (const auto& [override, remedy] : cases) {
    const auto problem = complaint(world, self_pruning({override}));
    EXPECT_NE(problem.find(remedy), std::string::npos) << override << ": " << problem;
  }
}

}  // namespace
}  // namespace edgefuse::app
