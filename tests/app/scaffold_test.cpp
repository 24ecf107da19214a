#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "clients/control_variates.hpp"
#include "server/optimiser/control_variate.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// SCAFFOLD as docs/models/federated-lora.md has it.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::digest_of;
using testing::recorded;
using testing::Rounds;
using testing::scenario_of;
using testing::TinyWorld;
using testing::whole_with;

std::vector<std::string> sgd(const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"training.optimiser=sgd",
                                  "training.learning_rate=0.5",
                                  "training.steps=6",
                                  "training.batch=8",
                                  "adapter.start=shared",
                                  "protocol.rounds=4",
                                  "recovery.between_rounds=carry",
                                  "fusion.arm[0].rule=fedit"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> scaffold(const std::vector<std::string>& more = {}) {
  auto all = sgd(more);
  all.push_back("training.control_variates=true");
  return all;
}

/// How far what three clients trained lies apart: Σ ‖y_i - ȳ‖² over all factors.
double spread(const Rounds& rounds) {
  double sum = 0;
  const auto contributions = rounds.learner.contributions();
  for (const auto& [id, module] : contributions.front().delta) {
    const auto factor = [&](std::size_t i, bool of_a) {
      const auto& low = std::get<llm::LowRank>(contributions[i].delta.at(id));
      return (of_a ? low.a : low.b).to(at::kDouble);
    };
    for (const bool of_a : {true, false}) {
      const auto mean = (factor(0, of_a) + factor(1, of_a) + factor(2, of_a)) / 3;
      for (std::size_t i = 0; i < 3; ++i)
        sum += (factor(i, of_a) - mean).square().sum().item<double>();
    }
  }
  return sum;
}

double difference(const Rounds& x, const Rounds& y) {
  double most = 0;
  for (std::size_t i = 0; i < 3; ++i)
    for (const auto& [id, module] : x.learner.contributions()[i].delta)
      most = std::max(
          most,
          (llm::dense(module) - llm::dense(y.learner.contributions()[i].delta.at(id))).abs().max().item<double>());
  return most;
}

TEST(Scaffold, BeginsAsPlainGradientDescentBitForBitAndGoesOnDifferently) {
  const TinyWorld world;
  Rounds plain{world, whole_with(sgd())};
  Rounds corrected{world, whole_with(scaffold())};
  plain.run(1);
  corrected.run(1);
  EXPECT_EQ(difference(plain, corrected), 0);
  plain.next();
  corrected.next();
  plain.run(2);
  corrected.run(2);
  EXPECT_EQ(plain.records[0].first_loss, corrected.records[0].first_loss) << "both go on from the same factors";
  EXPECT_GT(difference(plain, corrected), 1e-5);
}

/// A fleet of the three clients that take part: nobody's c_i is 0 for want of a round.
const std::vector<std::string> three = {"fleet.clients=3", "protocol.clients_per_round=3", "fleet.group[0].memory=4 MB",
                                        "fleet.group[1].memory=4 MB", "training.batch=16"};

TEST(Scaffold, CorrectsNothingWhereAllClientsHoldTheSame) {
  const TinyWorld world;
  const auto the_same = [](Assembly& assembly) {
    for (auto& shard : assembly.task.shards)
      shard = assembly.task.shards.front();
  };
  Rounds plain{world, whole_with(sgd(three)), the_same};
  Rounds corrected{world, whole_with(scaffold(three)), the_same};
  Rounds unlike{world, whole_with(scaffold(three))};
  Rounds unlike_plain{world, whole_with(sgd(three))};
  for (std::int64_t round = 1; round <= 3; ++round) {
    for (auto* rounds : {&plain, &corrected, &unlike, &unlike_plain}) {
      if (round > 1) rounds->next();
      rounds->run(round);
    }
    // One step takes all a client holds, in an order of its own: sums differ in their last bits.
    EXPECT_LT(difference(plain, corrected), 1e-5) << "round " << round;
  }
  EXPECT_GT(difference(unlike, unlike_plain), 1e-3) << "what is measured would not be seen";
}

TEST(Scaffold, KeepsClientsFromDriftingApart) {
  const TinyWorld world;
  Rounds plain{world, whole_with(sgd(three))};
  Rounds corrected{world, whole_with(scaffold(three))};
  for (std::int64_t round = 1; round <= 4; ++round) {
    for (auto* rounds : {&plain, &corrected}) {
      if (round > 1) rounds->next();
      rounds->run(round);
    }
  }
  EXPECT_LT(spread(corrected), 0.5 * spread(plain));
}

/// Two clients of f_i(x) = ½ Σ_j h_ij (x_j - m_ij)², five steps each a round, in the factors of one module.
struct Quadratics {
  static constexpr double rate = 0.1;
  static constexpr std::int64_t steps = 5;
  const llm::ModuleId id{.layer = 0, .projection = llm::Projection::q};
  std::vector<llm::LoraFactors> curvature, centre;
  llm::Adapter x{.spec = {.rank = 2, .alpha = 3, .targets = {llm::Projection::q}}, .modules = {}};

  Quadratics() {
    sim::Draws draws{{.seed = 4, .domain = sim::Domain::test}};
    const auto drawn = [&](double from, double to, std::int64_t rows, std::int64_t columns) {
      auto matrix = at::empty({rows, columns});
      for (std::int64_t i = 0; i < matrix.numel(); ++i)
        matrix.data_ptr<float>()[i] = static_cast<float>(from + (to - from) * draws.uniform());
      return matrix;
    };
    for (int client = 0; client < 2; ++client) {
      curvature.push_back({.a = drawn(0.5, 3, 2, 4), .b = drawn(0.5, 3, 5, 2)});
      centre.push_back({.a = drawn(-1, 1, 2, 4), .b = drawn(-1, 1, 5, 2)});
    }
    x.modules[id] = {.a = at::zeros({2, 4}), .b = at::zeros({5, 2})};
  }
  [[nodiscard]] llm::LoraFactors trained(std::size_t client, const llm::FactorGradient& correction) const {
    auto [a, b] = x.modules.at(id);
    const double s = x.spec.scale();
    for (std::int64_t step = 0; step < steps; ++step) {
      auto of_a = curvature[client].a * (a - centre[client].a);
      auto of_b = curvature[client].b * (b - centre[client].b);
      if (const auto found = correction.find(id); found != correction.end()) {
        of_a = of_a + found->second.a;
        of_b = of_b + s * found->second.b;
      }
      a = a - rate * of_a;
      b = b - rate * of_b;
    }
    return {.a = a, .b = b};
  }
  /// max |x - Σ h m / Σ h|, the minimum of f_1 + f_2.
  [[nodiscard]] double off() const {
    const auto best = [&](auto factor) {
      return (curvature[0].*factor * centre[0].*factor + curvature[1].*factor * centre[1].*factor) /
             (curvature[0].*factor + curvature[1].*factor);
    };
    const auto& [a, b] = x.modules.at(id);
    return std::max((a - best(&llm::LoraFactors::a)).abs().max().item<double>(),
                    (b - best(&llm::LoraFactors::b)).abs().max().item<double>());
  }
  void run(std::int64_t rounds, bool corrected) {
    clients::ControlVariates own;
    server::ControlVariate mean{2};
    const clients::FactorsHeld held{.variant = 0, .rank = 2};
    const auto share = [&](std::uint32_t client) {
      const auto& gradient = *own.of(client, held);
      llm::FactorGradient ones;
      for (const auto& [module, factors] : gradient)
        ones[module] = {.a = at::ones_like(factors.a), .b = at::ones_like(factors.b)};
      return server::HeldGradient{.gradient = gradient, .holds = ones};
    };
    for (std::int64_t round = 0; round < rounds; ++round) {
      const auto c = corrected ? mean.mean() : llm::FactorGradient{};
      auto next = x;
      next.modules[id] = {.a = at::zeros({2, 4}), .b = at::zeros({5, 2})};
      for (std::uint32_t client = 0; client < 2; ++client) {
        const auto correction = corrected ? own.correction(client, held, c) : llm::FactorGradient{};
        auto y = x;
        y.modules[id] = trained(client, correction);
        next.modules[id].a += y.modules[id].a / 2;
        next.modules[id].b += y.modules[id].b / 2;
        if (!corrected) continue;
        const bool known = own.of(client, held) != nullptr;
        const auto before = known ? share(client) : server::HeldGradient{};
        own.renew(client, held, {.initial = x, .trained = y, .correction = correction, .rates = rate * steps});
        known ? mean.replace(1, before, share(client)) : mean.add(1, share(client));
      }
      x = next;
    }
  }
};

TEST(Scaffold, FindsTheMinimumThatAveragingMissesWhereClientsCurveUnlike) {
  Quadratics averaged;
  Quadratics corrected;
  averaged.run(200, false);
  corrected.run(200, true);
  EXPECT_GT(averaged.off(), 0.01) << "there is no drift: the test shows nothing";
  EXPECT_LT(corrected.off(), 1e-5);
}

TEST(Scaffold, DoublesWhatTravelsAndTakesMemoryForTheCorrection) {
  const TinyWorld world;
  const auto plan = [&](const std::vector<std::string>& overrides) {
    return *assemble(scenario_of(world, whole_with(overrides)), {}).plan(0);
  };
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"adapter.trains=b"}}) {
    const auto plain = plan(sgd(more));
    const auto corrected = plan(scaffold(more));
    EXPECT_EQ(corrected.upload.value, 2 * plain.upload.value);
    EXPECT_EQ(corrected.download.value, plain.download.value + plain.upload.value) << "c is as large as an update";
    EXPECT_EQ(corrected.peak_memory.value, plain.peak_memory.value + plain.upload.value);
    EXPECT_GT(corrected.predicted, plain.predicted);
  }
}

TEST(Scaffold, BeginsAnewWithClientsWhoseFactorsChange) {
  const TinyWorld world;
  Rounds rounds{world, whole_with(scaffold({"fusion.arm[0].rule=hetlora", "adapter.rank=3", "adapter.ranks=[2,3]"}))};
  rounds.run(1);
  for (const auto& record : rounds.records)
    EXPECT_FALSE(record.forgot_drift) << "client " << record.client << " had nothing to forget";
  rounds.next();
  rounds.assembly.planner.limit_rank(1, 2);
  rounds.run(2);
  for (const auto& record : rounds.records)
    EXPECT_EQ(record.forgot_drift, record.client == 1) << "client " << record.client;
}

/// Everybody is corrected in the shapes of its own variant, cut from any of the orders of the base.
TEST(Scaffold, GoesWithPrunedVariantsAndSeveralMasksTheSameOnAnyNumberOfThreads) {
  const TinyWorld world;
  for (const std::string masks : {"1", "3"}) {
    const auto overrides =
        scaffold({"pruning.method=random", "pruning.masks=" + masks, "training.steps=2", "training.batch=4"});
    EXPECT_EQ(digest_of(world, overrides, "1"), digest_of(world, overrides, "3")) << masks << " masks";
  }
}

TEST(Scaffold, TakesTheSameTimeWhetherAnythingIsLearnedOrNot) {
  const TinyWorld world;
  const auto learned = recorded(world, scaffold()).result;
  const auto timed = recorded(world, scaffold({"fidelity=timing"})).result;
  ASSERT_EQ(learned.rounds.size(), timed.rounds.size());
  for (std::size_t i = 0; i < learned.rounds.size(); ++i) {
    EXPECT_EQ(learned.rounds[i].end, timed.rounds[i].end) << "round " << i + 1;
    EXPECT_EQ(learned.rounds[i].bytes_up, timed.rounds[i].bytes_up) << "round " << i + 1;
  }
}

TEST(Scaffold, RefusesWhatItDoesNotGoWithAndSaysWhatToWrite) {
  const TinyWorld world;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"training.optimiser=adamw", "sgd"},
      {"training.momentum=0.5", "leave training.momentum out"},
      {"recovery.between_rounds=merge", "carry"},
      {"recovery.between_rounds=carry-exact", "carry"},
      {"adapter.start=own", "shared"},
      {"compression.method=fp16", "none"},
      {"recovery.retraining.steps=3", "leave recovery.retraining out"},
      {"fusion.arm[0].rule=weighted-mean", "fedit"},
      {"fusion.arm[0].conflict=cr-proj", "conflict"},
      {"protocol.kind=buffered", "merge"}};
  for (const auto& [override, remedy] : cases) {
    const auto problem = complaint(world, scaffold({override}));
    EXPECT_NE(problem.find(remedy), std::string::npos) << override << ": " << problem;
  }
}

}  // namespace
}  // namespace edgefuse::app
