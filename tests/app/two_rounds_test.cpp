#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <variant>

#include "app/run/assembly.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/learner.hpp"
#include "clients/local_data.hpp"
#include "llm/delta.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/scoring.hpp"
#include "llm/training.hpp"
#include "llm/variant.hpp"
#include "server/fuse.hpp"
#include "server/recovery/zero_fill.hpp"
#include "tests/app/tiny_world.hpp"

// What a run of two rounds means, done again by hand with the public functions of llm, clients and server: who trained
// is read from the result, all else is computed here. A run that fused the wrong arm, with the wrong weights or into
// the wrong base would start its second round from other losses.

namespace edgefuse::app {
namespace {

using testing::TinyWorld;

/// How round 1 is fused.
struct Way {
  std::string rule;
  std::string conflict;
  scenarios::Weights weights = scenarios::Weights::examples;
};

class ByHand {
 public:
  explicit ByHand(const scenarios::Scenario& scenario) : assembly_{assemble(scenario, {})} {
    const auto model = llm::load_model(assembly_.base.folder);
    base_ =
        llm::sort_by_importance(model, llm::order_of(llm::pruners().make(scenario.pruning.method)->rank(model, {})));
  }

  [[nodiscard]] const llm::Model& base() const { return base_; }
  [[nodiscard]] const Assembly& assembly() const { return assembly_; }

  /// What `clients` send in round 1, trained one by one and recovered.
  [[nodiscard]] std::vector<server::Contribution> first_round(const std::set<std::int64_t>& clients,
                                                              scenarios::Weights weights) const {
    std::vector<server::Contribution> contributions;
    for (const auto id : clients) {
      const auto client = static_cast<std::uint32_t>(id);
      const auto variant = variant_of(client);
      const auto initial =
          llm::make_adapter(llm::slice(base_, variant), lora_spec(scenario().adapter), scenario().seed, client, 1);
      const std::vector<llm::TrainingJob> job = {{.initial = initial, .steps = batches(client, 1)}};
      auto trained = llm::train_gang(llm::slice(base_, variant), job, training_options(scenario().training));
      const auto examples = static_cast<std::int64_t>(assembly_.task.shards[client].examples.size());
      auto recovered = server::recover({.client = client,
                                        .version = 0,
                                        .examples = examples,
                                        .variant = variant,
                                        .adapter = std::move(trained[0].adapter)},
                                       base_.config);
      const bool by_examples = weights == scenarios::Weights::examples;
      contributions.push_back({.client = client,
                               .weight = by_examples ? static_cast<double>(examples) : 1.0,
                               .delta = std::get<llm::ModelDelta>(std::move(recovered))});
    }
    return contributions;
  }

  [[nodiscard]] llm::Model fused(const std::set<std::int64_t>& clients, const Way& way) const {
    const auto rule = server::fusion_rules().make(way.rule);
    const auto conflict = server::conflict_resolvers().make(way.conflict);
    return llm::apply(base_, server::fuse(first_round(clients, way.weights), *conflict, *rule));
  }

  /// The loss of a client's first batch of round 2, its adapter still without effect (B = 0), when the base is `base`.
  [[nodiscard]] double first_loss_of_round_2(const llm::Model& base, std::uint32_t client) const {
    double nll = 0;
    double labels = 0;
    const auto first = batches(client, 2).front();
    for (const auto& loss : llm::sequence_losses(llm::slice(base, variant_of(client)), nullptr, first)) {
      nll += loss.nll;
      labels += static_cast<double>(loss.labels);
    }
    return nll / labels;
  }

 private:
  [[nodiscard]] const scenarios::Scenario& scenario() const { return assembly_.scenario; }
  [[nodiscard]] llm::VariantShape variant_of(std::uint32_t client) const {
    const auto& pruning = scenario().pruning;
    return llm::variant_shape(base_.config, assembly_.plan(client).value().ratio, pruning.protect_first,
                              pruning.protect_last);
  }
  [[nodiscard]] std::vector<llm::Batch> batches(std::uint32_t client, std::uint32_t round) const {
    const auto& training = scenario().training;
    return clients::local_batches(assembly_.task.shards[client].examples,
                                  {.epochs = training.epochs, .steps = training.steps, .batch = training.batch},
                                  scenario().seed, client, round);
  }

  Assembly assembly_;
  llm::Model base_;
};

/// A world whose clients hold unequal numbers of examples, so that weights matter, and learn in big steps.
struct TwoRounds : ::testing::Test {
  TinyWorld world;
  std::vector<std::string> overrides = {"data.partitioner=by-domain", "training.learning_rate=0.05", "training.gang=1",
                                        "protocol.rounds=2"};

  void SetUp() override {
    world.write(world.folder / "north.json", R"([{"instruction": "Say 1", "response": "north 2", "category": "north"},
      {"instruction": "Say 3", "response": "north 4", "category": "north"},
      {"instruction": "Say 5", "response": "north 6", "category": "north"},
      {"instruction": "Say 7", "response": "north 8", "category": "north"}])");
  }

  [[nodiscard]] results::ResultFile run(std::vector<std::string> more = {}) const {
    more.insert(more.end(), overrides.begin(), overrides.end());
    return testing::recorded(world, more).result;
  }
  [[nodiscard]] ByHand by_hand() const { return ByHand{testing::scenario_of(world, overrides)}; }

  /// Clients of a round with the loss each began it with.
  static std::map<std::int64_t, double> first_losses(const results::ResultFile& result, std::int64_t round) {
    std::map<std::int64_t, double> losses;
    for (const auto& plan : result.plans)
      if (plan.round == round) losses[plan.client] = plan.first_loss;
    return losses;
  }
  static std::set<std::int64_t> clients(const results::ResultFile& result, std::int64_t round) {
    std::set<std::int64_t> ids;
    for (const auto& [client, loss] : first_losses(result, round))
      ids.insert(client);
    return ids;
  }

  /// Round 2 of `result` began from the base that round 1, fused in `way`, makes, and from none of the `others`.
  static void expect_second_round_starts_from(const results::ResultFile& result, const ByHand& hand, const Way& way,
                                              const std::vector<Way>& others) {
    constexpr double tolerance = 1e-5;
    const auto first = clients(result, 1);
    ASSERT_GT(first.size(), 1U);
    const auto right = hand.fused(first, way);
    const auto recorded = first_losses(result, 2);
    ASSERT_FALSE(recorded.empty());
    for (const auto& [client, loss] : recorded)
      EXPECT_NEAR(loss, hand.first_loss_of_round_2(right, static_cast<std::uint32_t>(client)), tolerance)
          << "client " << client;
    const auto distance = [&](const llm::Model& base) {
      double largest = 0;
      for (const auto& [client, loss] : recorded)
        largest =
            std::max(largest, std::abs(loss - hand.first_loss_of_round_2(base, static_cast<std::uint32_t>(client))));
      return largest;
    };
    EXPECT_GT(distance(hand.base()), 10 * tolerance) << "the untouched base would have done as well";
    for (const auto& other : others)
      EXPECT_GT(distance(hand.fused(first, other)), 10 * tolerance)
          << other.rule << " after " << other.conflict << " would have done as well";
  }
};

const Way mean{"weighted-mean", "none", scenarios::Weights::examples};
const Way equal_mean{"weighted-mean", "none", scenarios::Weights::equal};
const Way resolved{"weighted-mean", "cr-sign", scenarios::Weights::examples};

TEST_F(TwoRounds, StartTheSecondFromTheFirstArmsMeanWeightedByExamples) {
  const auto hand = by_hand();
  std::set<std::size_t> sizes;
  for (const auto& shard : hand.assembly().task.shards)
    sizes.insert(shard.examples.size());
  ASSERT_GT(sizes.size(), 1U) << "with equal sizes weights would not matter";
  expect_second_round_starts_from(run(), hand, mean, {equal_mean, resolved});
}

TEST_F(TwoRounds, StartTheSecondFromThePrimaryArm) {
  expect_second_round_starts_from(run({"fusion.primary=fused+cr-sign"}), by_hand(), resolved, {mean});
}

TEST_F(TwoRounds, WeighClientsAlikeWhenTold) {
  expect_second_round_starts_from(run({"fusion.weights=equal"}), by_hand(), equal_mean, {mean});
}

TEST_F(TwoRounds, JudgeEveryArmByTheModelItMakesOfTheFirst) {
  const auto hand = by_hand();
  const auto result = run();
  const auto first = clients(result, 1);
  const std::vector<Subject> subjects = {{"base", [&] { return hand.base(); }},
                                         {"fused", [&] { return hand.fused(first, mean); }},
                                         {"fused+cr-sign", [&] { return hand.fused(first, resolved); }}};
  const auto judged = hand.assembly().evaluator->evaluate(1, subjects, {});
  std::set<double> values;
  for (const auto& expected : judged.rows) {
    const std::int64_t round = expected.model == "base" ? 0 : 1;
    const auto found = std::ranges::find_if(result.evaluation, [&](const results::EvaluationRow& row) {
      return row.round == round && row.model == expected.model && row.domain == expected.domain;
    });
    ASSERT_NE(found, result.evaluation.end()) << expected.model << " on " << expected.domain;
    EXPECT_NEAR(found->value, expected.value, 1e-5) << expected.model << " on " << expected.domain;
    if (expected.domain == "all") values.insert(expected.value);
  }
  EXPECT_EQ(values.size(), 3U) << "the three models differ";
}

TEST_F(TwoRounds, LeaveTheFirstRoundAloneWhateverIsFusedAfterIt) {
  const auto one = run();
  const auto other = run({"fusion.primary=fused+cr-sign", "fusion.weights=equal"});
  EXPECT_EQ(first_losses(one, 1), first_losses(other, 1));
  EXPECT_NE(first_losses(one, 2), first_losses(other, 2));
}

}  // namespace
}  // namespace edgefuse::app
