#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "llm/delta.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// Factors that go on from round to round, with clients whose variants lack rows, columns or whole layers of them: what
// a variant lacks its client did not change (docs/models/federated-lora.md).

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::Rounds;
using testing::TinyWorld;

using Overrides = std::vector<std::string>;

/// Everybody has half of the model, which everybody's memory holds.
Overrides pruned(const Overrides& more) {
  Overrides all = {"pruning.ratios=[0.5]",          "fleet.group[0].memory=4 MB",  "fleet.group[1].memory=4 MB",
                   "recovery.between_rounds=carry", "adapter.start=shared",        "fusion.arm[0].rule=fedit",
                   "fusion.arm[1].rule=fedit",      "fusion.arm[1].conflict=none", "protocol.rounds=4"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Half of the layers, that is one of two.
const Overrides layers = {"pruning.method=random", "pruning.budget=layers", "pruning.protect_first=0"};

Overrides joined(Overrides all, const Overrides& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const llm::LowRank& of(const llm::ModelDelta& change, llm::ModuleId id) {
  return std::get<llm::LowRank>(change.at(id));
}

double distance(const at::Tensor& x, const at::Tensor& y) {
  return (x - y).abs().max().item<double>();
}

TEST(PrunedFactors, AFrozenFactorStaysWhole) {
  const TinyWorld world;
  for (const auto* start : {"shared", "gradient"}) {
    const auto text = world.folder / "public.txt";
    world.write(text, "Say one of north, and then two of south.\n\nSay three of north, and then four of south.\n\n");
    Rounds rounds{world, pruned({"adapter.trains=b", std::string{"adapter.start="} + start, "public.texts=2",
                                 "public.tokens=16", "public.paths=[\"" + text.string() + "\"]"})};
    rounds.run(1);
    const auto first = rounds.learner.fuse(rounds.arm()).change;
    for (std::int64_t round = 1; round <= 3; ++round) {
      if (round > 1) rounds.run(round);
      const auto fused = rounds.learner.fuse(rounds.arm());
      EXPECT_LT(fused.error.relative(), 1e-6) << start << ", round " << round;
      for (const auto& [id, module] : first) {
        EXPECT_LT(distance(of(fused.change, id).a, of(first, id).a), 1e-6)
            << start << ", round " << round << ": A of " << id.name() << " moved";
        EXPECT_GT(of(fused.change, id).a.abs().min().item<double>(), 0) << id.name();
      }
      rounds.next();
    }
  }
}

TEST(PrunedFactors, ByTurnsTheFactorWhoseTurnItIsNotStaysWhole) {
  const TinyWorld world;
  Rounds rounds{world, pruned({"adapter.trains=alternate"})};
  rounds.run(1);
  const auto first = rounds.learner.fuse(rounds.arm()).change;
  rounds.next();
  rounds.run(2);
  const auto second = rounds.learner.fuse(rounds.arm()).change;
  bool moved = false;
  for (const auto& [id, module] : first) {
    EXPECT_LT(distance(of(second, id).b, of(first, id).b), 1e-6) << id.name();
    moved = moved || distance(of(second, id).a, of(first, id).a) > 1e-5;
  }
  EXPECT_TRUE(moved) << "A did not move in its own round";
}

TEST(PrunedFactors, OfLayersThatEverybodyDroppedNothingChanges) {
  const TinyWorld world;
  const std::vector<std::pair<const char*, Overrides>> ways = {
      {"as it is", {}},
      {"fedavgm", {"fusion.optimiser.method=fedavgm"}},
      {"fedadam", {"fusion.optimiser.method=fedadam"}},
      {"FedSA", {"adapter.shares=a"}},
      {"SCAFFOLD", {"training.control_variates=true", "training.optimiser=sgd"}},
      {"sparse down", {"compression.down.method=top-k", "compression.down.settings={density = 0.3}"}}};
  for (const auto& [name, way] : ways) {
    SCOPED_TRACE(name);
    Rounds rounds{world, joined(pruned(layers), way)};
    const auto held = llm::to_delta(rounds.learner.begins(*rounds.assembly.plan(0), 1, 0));
    rounds.run(1);
    rounds.next();
    rounds.run(2);
    const auto fused = rounds.learner.fuse(rounds.arm()).change;
    EXPECT_GT(fused.size(), held.size()) << "no layer was dropped: the test shows nothing";
    for (const auto& [id, module] : fused) {
      if (held.contains(id)) continue;
      EXPECT_EQ(of(fused, id).b.abs().max().item<double>(), 0) << id.name() << ": B became something";
      EXPECT_GT(of(fused, id).a.abs().min().item<double>(), 0) << id.name() << ": A was pulled to 0";
    }
  }
}

TEST(PrunedFactors, WhoHasALayerThatOthersDroppedGoesOnWithIt) {
  const TinyWorld world;
  const Overrides some = {"pruning.ratios=[0, 0.5]", "fleet.group[0].memory=4 MB"};
  for (const auto& way :
       std::vector<Overrides>{{"fusion.optimiser.method=fedadam"},
                              {"training.control_variates=true", "training.optimiser=sgd", "training.batch=4"}}) {
    Rounds rounds{world, joined(joined(pruned(layers), some), way)};
    std::vector<std::uint32_t> with;
    std::vector<std::uint32_t> without;
    for (std::uint32_t client = 0; client < 6; ++client)
      (rounds.assembly.plan(client).value().variant == 0 ? with : without).push_back(client);
    if (without.empty()) {  // memory is ample: the smaller variant by hand
      without = {with.back()};
      with.pop_back();
    }
    ASSERT_FALSE(with.empty());
    rounds.run(1, without);
    rounds.next();
    rounds.run(2, with);
    EXPECT_EQ(rounds.learner.contributions().size(), with.size()) << way.front();
    EXPECT_EQ(rounds.learner.fuse(rounds.arm()).change.size(), 14U) << "2 layers of 7 projections";
  }
}

TEST(PrunedFactors, ACoreOfADroppedLayerIsNotTrained) {
  const TinyWorld world;
  const auto text = world.folder / "public.txt";
  world.write(text, "Say one of north, and then two of south.\n\nSay three of north, and then four of south.\n\n");
  Rounds rounds{world, joined(pruned(layers),
                              {"adapter.start=gradient", "adapter.trains=core", "training.weight_decay=50",
                               "public.texts=2", "public.tokens=16", "public.paths=[\"" + text.string() + "\"]"})};
  const auto held = llm::to_delta(rounds.learner.begins(*rounds.assembly.plan(0), 1, 0));
  rounds.run(1);
  const auto first = rounds.learner.fuse(rounds.arm()).change;
  rounds.next();
  rounds.run(2);
  const auto second = rounds.learner.fuse(rounds.arm()).change;
  ASSERT_GT(first.size(), held.size()) << "no layer was dropped: the test shows nothing";
  for (const auto& [id, module] : first) {
    const auto before = llm::dense(first.at(id));
    const auto after = llm::dense(second.at(id));
    const auto moved = distance(before, after) / before.abs().max().item<double>();
    if (held.contains(id))
      EXPECT_GT(moved, 0.1) << id.name() << ": weight decay shows nothing";
    else
      EXPECT_LT(moved, 1e-5) << id.name();
  }
}

TEST(PrunedFactors, WhatWouldTurnFactorsIntoOthersIsRefused) {
  const TinyWorld world;
  const std::vector<std::pair<Overrides, std::string>> cases = {
      {{"compression.method=top-k", "compression.error_feedback=true", "fusion.arm[0].rule=weighted-mean"},
       "fusion.arm[0].rule: compression.error_feedback"},
      {{"compression.method=top-k", "compression.error_feedback=true", "recovery.method=correction"},
       "recovery.method: compression.error_feedback"},
      {{"protocol.kind=deadline", "protocol.settings={window = 60, late = \"keep\"}",
        "fusion.arm[0].rule=weighted-mean"},
       "fusion.arm[0].rule: late"},
      {{"adapter.rank=1", "adapter.ranks=[1, 2]", "adapter.trains=b", "fusion.arm[0].rule=hetlora"}, "adapter.rank: "},
      {{"adapter.rank=1", "adapter.ranks=[1, 2]", "fusion.arm[0].rule=hetlora", "training.control_variates=true",
        "training.optimiser=sgd"},
       "training.control_variates: "},
      {{"adapter.ranks=[1, 2]"}, "fusion.arm[0].rule: \"fedit\" needs one rank"}};
  for (const auto& [overrides, says] : cases) {
    const auto problem = complaint(world, pruned(overrides));
    EXPECT_NE(problem.find(says), std::string::npos) << says << "\nis not in\n" << problem;
  }
}

}  // namespace
}  // namespace edgefuse::app
