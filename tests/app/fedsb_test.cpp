#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "app/public_text.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/gradient_start.hpp"
#include "llm/delta.hpp"
#include "llm/variant.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// Fed-SB (2502.15436): a matrix between frozen factors is trained, sent and averaged.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::recorded;
using testing::Rounds;
using testing::scenario_of;
using testing::TinyWorld;
using testing::whole_with;

using Overrides = std::vector<std::string>;

struct World : TinyWorld {
  World() {
    std::string text;
    for (int i = 0; i < 40; ++i)
      text += "Say " + std::to_string(i * 7 % 10) + " of north, and then of south.\n\n";
    write(folder / "public.txt", text);
  }

  [[nodiscard]] Overrides cores(const Overrides& more = {}) const {
    Overrides all = {"adapter.trains=core",
                     "adapter.start=gradient",
                     "recovery.between_rounds=carry",
                     "fusion.arm[0].rule=fedit",
                     "fusion.arm[1].rule=fedit",
                     "fusion.arm[1].conflict=none",
                     "protocol.rounds=4",
                     "public.paths=[\"" + (folder / "public.txt").string() + "\"]",
                     "public.texts=4",
                     "public.tokens=24"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

at::Tensor matrix(const llm::ModelDelta& change, llm::ModuleId id) {
  return llm::dense(change.at(id)).to(at::kDouble);
}

double relative_distance(const at::Tensor& x, const at::Tensor& y) {
  return ((x - y).norm() / y.norm()).item<double>();
}

const llm::LowRank& factors(const llm::ModelDelta& change, llm::ModuleId id) {
  return std::get<llm::LowRank>(change.at(id));
}

TEST(FedSb, BeginsWithTheFirstSingularDirectionsOfAStepOnPublicText) {
  const World world;
  const Rounds rounds{world, whole_with(world.cores())};
  const auto& scenario = rounds.assembly.scenario;
  const auto start = gradient_start(rounds.learner.base(), lora_spec(scenario.adapter),
                                    rounds.assembly.base.calibration, scenario.training.learning_rate);
  const auto began = llm::to_delta(rounds.learner.begins(*rounds.assembly.plan(0), 1, 0));
  ASSERT_EQ(began.size(), start.size());
  for (const auto& [id, change] : start) {
    EXPECT_LT(relative_distance(matrix(began, id), matrix(start, id)), 1e-5) << id.name();
    const auto& a = factors(start, id).a;
    EXPECT_LT((at::mm(a, a.t()) - at::eye(a.size(0))).abs().max().item<double>(), 1e-5)
        << id.name() << ": the rows of A are not orthonormal";
  }
}

TEST(FedSb, AStepOnItsTextsLowersTheirLoss) {
  const World world;
  const Rounds rounds{world, whole_with(world.cores())};
  const auto& assembly = rounds.assembly;
  const auto loss = [&](const llm::Model& model) { return std::log(perplexity(model, assembly.base.calibration)); };
  const auto& base = rounds.learner.base();
  const auto start = gradient_start(base, lora_spec(assembly.scenario.adapter), assembly.base.calibration, 1e-3);
  EXPECT_LT(loss(llm::apply(base, start)), loss(base));
}

TEST(FedSb, EveryClientKeepsBAndTheRowsOfA) {
  const World world;
  Rounds rounds{world, whole_with(world.cores())};
  const auto began = llm::to_delta(rounds.learner.begins(*rounds.assembly.plan(0), 1, 0));
  for (std::int64_t round = 1; round <= 2; ++round) {
    rounds.run(round);
    for (const auto& contribution : rounds.learner.contributions())
      for (const auto& [id, change] : contribution.delta) {
        const auto& own = factors(contribution.delta, id);
        EXPECT_TRUE(at::equal(own.b, factors(began, id).b)) << "round " << round << ", B of " << id.name();
        const auto rows = at::linalg_qr(factors(began, id).a.t().to(at::kDouble));
        const auto basis = std::get<0>(rows);
        const auto a = own.a.t().to(at::kDouble);
        EXPECT_LT(relative_distance(at::mm(basis, at::mm(basis.t(), a)), a), 1e-5)
            << "round " << round << ": A of " << id.name() << " left the rows it began with";
        EXPECT_FALSE(at::equal(own.a, factors(began, id).a)) << id.name() << " was not trained";
      }
    rounds.next();
  }
}

TEST(FedSb, FusesWithoutError) {
  const World world;
  Rounds rounds{world, whole_with(world.cores())};
  Rounds both{world, whole_with(world.cores({"adapter.trains=both"}))};
  both.run(1);
  both.next();
  both.run(2);
  for (std::int64_t round = 1; round <= 3; ++round) {
    rounds.run(round);
    EXPECT_LT(rounds.learner.fuse(rounds.arm()).error.relative(), 1e-5) << "round " << round;
    rounds.next();
  }
  EXPECT_GT(both.learner.fuse(both.arm()).error.relative(), 1e-4)
      << "means of factors that are both trained are exact as well: the test shows nothing";
}

TEST(FedSb, GoesOnFromTheMean) {
  const World world;
  Rounds rounds{world, whole_with(world.cores())};
  rounds.run(1);
  const auto fused = rounds.learner.fuse(rounds.arm()).change;
  rounds.next();
  const auto next = llm::to_delta(rounds.learner.begins(*rounds.assembly.plan(1), 2, 1));
  for (const auto& [id, change] : fused)
    EXPECT_LT(relative_distance(matrix(next, id), matrix(fused, id)), 1e-5) << id.name();
}

TEST(FedSb, ACoreTrainedOnAPrunedVariantIsOfTheWholeBase) {
  const World world;
  Rounds rounds{world, world.cores({"pruning.ratios=[0.5]", "fleet.memory_scale=1"})};
  const auto& config = rounds.learner.base().config;
  const auto began = rounds.learner.begins(*rounds.assembly.plan(0), 1, 0);
  const llm::ModuleId pruned{.layer = 1, .projection = llm::Projection::down};
  ASSERT_LT(began.modules.at(pruned).a.size(1), config.intermediate) << "nothing was pruned";
  rounds.run(1);
  const auto& contribution = rounds.learner.contributions().front();
  EXPECT_EQ(factors(contribution.delta, pruned).a.size(1), config.intermediate);
  EXPECT_GT(factors(contribution.delta, pruned).a.narrow(1, config.intermediate - 1, 1).abs().max().item<double>(), 0)
      << "what the variant lacks is no zero: A is the base's";
  EXPECT_LT(rounds.learner.fuse(rounds.arm()).error.relative(), 1e-5);
}

TEST(FedSb, SendsAsManyNumbersAsRHas) {
  const World world;
  const auto plan = [&](const Overrides& more) {
    return *assemble(scenario_of(world, whole_with(world.cores(more))), {}).plan(0);
  };
  const auto of_core = plan({});
  const auto of_both = plan({"adapter.trains=both"});
  const double modules = 2 * 7;  // layers, projections
  EXPECT_DOUBLE_EQ(of_core.upload.value, 4 * modules * 2 * 2);
  EXPECT_DOUBLE_EQ(of_core.download.value - of_both.download.value, of_core.upload.value) << "R, beside A and B";
  EXPECT_LT(of_core.peak_memory, of_both.peak_memory);
}

TEST(FedSb, EncodesRBothWays) {
  const World world;
  Rounds plain{world, whole_with(world.cores())};
  Rounds all{world,
             whole_with(world.cores({"compression.method=top-k", "compression.settings={density = 1}",
                                     "compression.down.method=top-k", "compression.down.settings={density = 1}"}))};
  Rounds few{world,
             whole_with(world.cores({"compression.method=top-k", "compression.settings={density = 0.25}",
                                     "compression.down.method=top-k", "compression.down.settings={density = 0.5}"}))};
  for (std::int64_t round = 1; round <= 2; ++round) {
    for (auto* rounds : {&plain, &all, &few}) {
      rounds->run(round);
      EXPECT_LT(rounds->learner.fuse(rounds->arm()).error.relative(), 1e-5) << "round " << round;
    }
    const auto sent = plain.learner.fuse(plain.arm()).change;
    const auto sent_all = all.learner.fuse(all.arm()).change;
    const auto sent_few = few.learner.fuse(few.arm()).change;
    for (const auto& [id, change] : sent) {
      EXPECT_LT(relative_distance(matrix(sent_all, id), matrix(sent, id)), 1e-5) << id.name();
      EXPECT_GT(relative_distance(matrix(sent_few, id), matrix(sent, id)), 1e-4) << id.name();
    }
    for (auto* rounds : {&plain, &all, &few})
      rounds->next();
  }
}

TEST(FedSb, ARunLearns) {
  const World world;
  const auto result = recorded(world, world.cores()).result;
  bool better = false;
  for (const auto& plan : result.plans)
    if (plan.outcome == results::Outcome::returned) better = better || plan.last_loss < plan.first_loss;
  EXPECT_TRUE(better) << "nobody's loss fell";
}

TEST(FedSb, IsRefusedWithWhatWouldNeedAnotherAOrB) {
  const World world;
  struct Case {
    const char* override;
    const char* says;
  };
  for (const auto& [override, says] : std::vector<Case>{
           {"adapter.start=shared", "adapter.start"},
           {"recovery.between_rounds=merge", "recovery.between_rounds"},
           {"recovery.between_rounds=carry-exact", "recovery.between_rounds"},
           {"adapter.ranks=[1, 2]", "adapter.ranks"},
           {"recovery.method=norm-a", "recovery.method"},
           {"recovery.retraining.steps=1", "recovery.retraining.steps"},
           {"fusion.arm[0].rule=weighted-mean", "fusion.arm[0].rule"},
           {"fusion.arm[1].conflict=cr-proj", "fusion.arm[1].conflict"},
           {"fusion.optimiser.method=fedadam", "fusion.optimiser.method"},
           {"training.control_variates=true", "training.control_variates"},
           {"adapter.self_pruning.decay=0.5", "adapter.self_pruning.decay"},
           {"adapter.shares=a", "adapter.trains"},
           {"adapter.rank=64", "adapter.rank: is 64, and"},
       }) {
    auto overrides = world.cores();
    overrides.emplace_back(override);
    const auto problem = complaint(world, overrides);
    EXPECT_NE(problem.find(says), std::string::npos) << override << " gives:\n" << problem;
  }
}

TEST(GradientStart, IsRefusedWithoutPublicTextOrWhereNothingGoesOn) {
  const World world;
  const auto without =
      complaint(world, {"adapter.start=gradient", "recovery.between_rounds=carry", "public.tokens=24"});
  EXPECT_NE(without.find("public.paths"), std::string::npos) << without;
  const auto texts = "public.paths=[\"" + (world.folder / "public.txt").string() + "\"]";
  EXPECT_NE(complaint(world, {"adapter.start=gradient", texts}).find("adapter.start: \"gradient\""), std::string::npos);
}

}  // namespace
}  // namespace edgefuse::app
