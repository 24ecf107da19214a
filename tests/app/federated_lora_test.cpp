#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "app/run/assembly.hpp"
#include "llm/delta.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// What docs/models/federated-lora.md promises of factors that go on from round to round.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::Rounds;
using testing::scenario_of;
using testing::TinyWorld;
using testing::whole_with;

TEST(FederatedLora, WithBAloneEveryClientHasTheSameFrozenA) {
  const TinyWorld world;
  Rounds rounds{world, whole_with({"adapter.start=shared", "adapter.trains=b"})};
  rounds.run(1);
  EXPECT_TRUE(at::equal(rounds.a_of(0), rounds.a_of(1)));
  EXPECT_FALSE(at::equal(rounds.b_of(0), rounds.b_of(1)));
  EXPECT_GT(rounds.b_of(0).abs().max().item<double>(), 0);
}

TEST(FederatedLora, WithACommonAFedItIsExact) {
  const TinyWorld world;
  const auto change = [&](const std::string& rule) {
    Rounds rounds{world, whole_with({"adapter.start=shared", "adapter.trains=b", "fusion.arm[0].rule=" + rule})};
    rounds.run(1);
    return llm::dense(rounds.learner.fuse(rounds.assembly.methods.arms.front()).change.begin()->second);
  };
  const auto exact = change("weighted-mean");
  EXPECT_LT((change("fedit") - exact).abs().max().item<double>(), 1e-6 * exact.abs().max().item<double>() + 1e-9);
}

TEST(FederatedLora, ByTurnsOneFactorMovesAndTheOtherIsCommon) {
  const TinyWorld world;
  Rounds rounds{world, whole_with({"adapter.start=shared", "adapter.trains=alternate", "recovery.between_rounds=carry",
                                   "fusion.arm[0].rule=fedit", "protocol.rounds=3"})};
  rounds.run(1);
  const auto first_a = rounds.a_of(0).clone();
  EXPECT_TRUE(at::equal(first_a, rounds.a_of(2))) << "B's round";
  rounds.next();
  rounds.run(2);
  EXPECT_LT((rounds.b_of(0) - rounds.b_of(1)).abs().max().item<double>(), 1e-7) << "A's round";
  EXPECT_GT((rounds.a_of(0) - rounds.a_of(1)).abs().max().item<double>(), 1e-5);
  EXPECT_GT((rounds.a_of(0) - first_a).abs().max().item<double>(), 1e-5);
}

TEST(FederatedLora, FactorsOfNoMoreRanksAreCarriedAsTheyAre) {
  const TinyWorld world;
  Rounds rounds{world, whole_with({"recovery.between_rounds=carry", "fusion.arm[0].rule=fedit", "protocol.rounds=2",
                                   "training.learning_rate=1e-9"})};
  rounds.run(1);
  const auto fused = rounds.learner.fuse(rounds.assembly.methods.arms.front()).change;
  const auto a = std::get<llm::LowRank>(fused.begin()->second).a.clone();
  rounds.next();
  rounds.run(2);
  EXPECT_LT((rounds.a_of(1) - a).abs().max().item<double>(), 1e-6) << "the next round began elsewhere";
}

TEST(FederatedLora, WhatIsCutOffGoesIntoTheBaseSoThatNothingIsLost) {
  const TinyWorld world;
  Rounds rounds{world, whole_with({"fusion.arm[0].rule=weighted-mean", "protocol.rounds=2", "adapter.rank=2",
                                   "recovery.between_rounds=carry-exact"})};
  rounds.run(1);
  const auto& arm = rounds.assembly.methods.arms.front();
  const auto before = rounds.learner.base();
  const auto change = rounds.learner.fuse(arm).change;
  rounds.next();
  (void)rounds.learner.collect();  // of nobody: what is left is what is carried
  const auto carried = rounds.learner.fuse(arm).change;
  for (const auto& [id, fused] : change) {
    const auto weight = [&](const llm::Model& model) {
      return model.layers[static_cast<std::size_t>(id.layer)].projection(id.projection).weight;
    };
    const auto moved = weight(rounds.learner.base()) - weight(before);
    EXPECT_GT(moved.abs().max().item<double>(), 1e-7) << id.name() << ": three clients of rank 2 make more than rank 2";
    EXPECT_EQ(std::get<llm::LowRank>(carried.at(id)).a.size(0), 2) << id.name();
    EXPECT_LT((moved + llm::dense(carried.at(id)) - llm::dense(fused)).abs().max().item<double>(), 1e-6) << id.name();
  }
}

TEST(FederatedLora, UpdatesArriveAsTheyWereEncoded) {
  const TinyWorld world;
  Rounds plain{world, whole_with({})};
  Rounds sparse{world, whole_with({"compression.method=top-k", "compression.settings.density=0.1"})};
  plain.run(1);
  sparse.run(1);
  const auto zeros = [](const at::Tensor& b) { return b.eq(0).to(at::kDouble).mean().item<double>(); };
  EXPECT_LT(zeros(plain.b_of(0)), 0.01);
  EXPECT_GT(zeros(sparse.b_of(0)), 0.3) << "most of the change of B was not sent";
}

TEST(FederatedLora, TheServersStepIsTheOptimisers) {
  const TinyWorld world;
  Rounds plain{world, whole_with({})};
  Rounds half{world, whole_with({"fusion.optimiser.method=fedavgm", "fusion.optimiser.settings.rate=0.5"})};
  plain.run(1);
  half.run(1);
  const auto whole_step = plain.learner.fuse(plain.assembly.methods.arms.front()).change;
  const auto half_step = half.learner.fuse(half.assembly.methods.arms.front()).change;
  for (const auto& [id, change] : whole_step)
    EXPECT_LT((0.5 * llm::dense(change) - llm::dense(half_step.at(id))).abs().max().item<double>(), 1e-7) << id.name();
}

TEST(FederatedLora, BytesOnTheWireAreThoseOfTheEncoding) {
  const TinyWorld world;
  const auto upload = [&](std::vector<std::string> more) {
    return assemble(scenario_of(world, whole_with(std::move(more))), {}).plan(0)->upload.value;
  };
  const double plain = upload({});
  EXPECT_EQ(upload({"compression.method=fp16"}), plain / 2);
  EXPECT_EQ(upload({"compression.method=int4"}), std::ceil(plain * 4.5 / 32));
  EXPECT_LT(upload({"adapter.trains=b", "adapter.start=shared"}), 0.8 * plain);
}

TEST(FederatedLora, WhatDoesNotGoTogetherIsRefused) {
  const TinyWorld world;
  EXPECT_NE(complaint(world, {"adapter.trains=alternate"}).find("carry"), std::string::npos);
  EXPECT_NE(complaint(world, {"compression.error_feedback=true"}).find("carry"), std::string::npos);
  EXPECT_NE(complaint(world, {"compression.method=zip"}).find("compression"), std::string::npos);
}

}  // namespace
}  // namespace edgefuse::app
