#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include "app/run/assembly.hpp"
#include "app/run/learner.hpp"
#include "llm/delta.hpp"
#include "llm/variant.hpp"
#include "server/protocol/protocol.hpp"
#include "tests/app/tiny_world.hpp"

// What stale updates do to the base: docs/models/protocols.md, term by term in float64.

namespace edgefuse::app {
namespace {

using testing::scenario_of;
using testing::TinyWorld;

using Dense = std::map<llm::ModuleId, at::Tensor>;

Dense dense(const llm::ModelDelta& delta) {
  Dense matrices;
  for (const auto& [id, module] : delta)
    matrices[id] = llm::dense(module).to(at::kDouble);
  return matrices;
}

void add(Dense& sum, const Dense& term, double factor) {
  for (const auto& [id, matrix] : term) {
    const auto scaled = factor * matrix;
    sum[id] = sum.contains(id) ? sum[id] + scaled : scaled;
  }
}

void expect_near(const Dense& found, const Dense& expected, const char* what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (const auto& [id, matrix] : expected) {
    const double error = (found.at(id) - matrix).abs().max().item<double>();
    EXPECT_LE(error, 1e-5 * matrix.abs().max().item<double>()) << what << ", " << id.name();
  }
}

/// A world in which client 0 trains on version 0, is fused, and then 1, begun at version 0, and 2, begun at version 1,
/// come back together.
struct Versions : ::testing::Test {
  TinyWorld world;
  Assembly assembly = assemble(scenario_of(world, {"fusion.weights=equal", "fleet.memory_scale=1"}), {});
  const Arm& arm = assembly.methods.arms.front();
  Dense first;                               // what client 0 changed
  std::vector<server::Contribution> second;  // of clients 1 and 2
  Dense fused;                               // what the protocol makes of these
  std::vector<TrainingRecord> records;

  void run(const std::string& protocol_name, const Parameters& parameters) {
    const auto protocol = server::protocols().make(protocol_name, parameters);
    Learner learner{assembly.scenario,
                    assembly.task,
                    {.discount = [&](std::int64_t staleness) { return protocol->discount(staleness); },
                     .mixing = protocol->mixing(),
                     .recovery = *assembly.methods.recovery},
                    prepare_base(assembly.scenario, assembly.methods, assembly.base),
                    {}};
    learner.keep();
    learner.keep();
    learner.note(plan_of(0), 1, 0);
    (void)learner.collect();
    first = dense(learner.fuse(arm).change);
    learner.advance(learner.fuse(arm));
    learner.release(0);
    learner.keep();
    learner.note(plan_of(1), 1, 0);
    learner.note(plan_of(2), 2, 1);
    records = learner.collect();
    second.assign(learner.contributions().begin(), learner.contributions().end());
    fused = dense(learner.fuse(arm).change);
  }
  [[nodiscard]] llm::Plan plan_of(std::uint32_t client) const {
    auto plan = assembly.plan(client);
    EXPECT_TRUE(plan.has_value()) << "client " << client << " fits";
    return *plan;
  }
};

TEST_F(Versions, BufferedChangesCountLessTheStalerTheyAre) {
  run("buffered", {{"staleness_exponent", 1.0}, {"server_rate", 0.5}});
  ASSERT_EQ(second.size(), 2U);
  EXPECT_DOUBLE_EQ(second[0].weight, 0.5) << "one version old";
  EXPECT_DOUBLE_EQ(second[1].weight, 1);
  Dense expected;  // rate / K · Σ s(τ) D
  add(expected, dense(second[0].delta), 0.5 * 0.5 / 2);
  add(expected, dense(second[1].delta), 0.5 * 1.0 / 2);
  expect_near(fused, expected, "FedBuff");
}

TEST_F(Versions, AsynchronousUpdatesPullTheBaseBackToWhereTheyBegan) {
  run("asynchronous", {{"mixing", 0.6}, {"staleness_exponent", 1.0}});
  ASSERT_EQ(second.size(), 2U);
  Dense expected;  // each of two counts half: α s (D - (base - base_start))
  add(expected, dense(second[0].delta), 0.6 * 0.5 / 2);
  add(expected, first, -0.6 * 0.5 / 2);
  add(expected, dense(second[1].delta), 0.6 / 2);
  expect_near(fused, expected, "FedAsync");
}

TEST_F(Versions, AnUpdateTrainsOnTheVersionItStartedFrom) {
  run("asynchronous", {{"mixing", 1.0}});
  const auto stale = records;
  run("asynchronous", {{"mixing", 0.0}});
  ASSERT_EQ(stale.size(), 2U);
  EXPECT_EQ(stale[0].first_loss, records[0].first_loss) << "client 1 began before the base changed";
  EXPECT_NE(stale[1].first_loss, records[1].first_loss) << "client 2 began on what client 0 had made of it";
}

}  // namespace
}  // namespace edgefuse::app
