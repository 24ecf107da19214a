#include "app/run/rows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

using results::Outcome;
using testing::scenario_of;
using testing::TinyWorld;

constexpr std::int64_t second = 1'000'000'000;

/// Round 3 of a world, from second 10 to second 20: clients 5, 1 and 4 take part, 2 and 0 sit out.
struct Rows : ::testing::Test {
  TinyWorld world;
  Assembly assembly = assemble(scenario_of(world), {});
  RoundTimeline round{.round = 3,
                      .version = 1,
                      .start = SimTime{10 * second},
                      .end = SimTime{20 * second},
                      .participations = {},
                      .sat_out = {2, 0}};

  void SetUp() override {
    for (const std::uint32_t client : {5U, 1U, 4U})
      round.participations.push_back(part_of(client));
  }
  [[nodiscard]] Participation part_of(std::uint32_t client) const {
    const auto plan = assembly.plan(client).value();
    return {.plan = plan,
            .invitation = 3,
            .version = 1,
            .invited = SimTime{10 * second},
            .ended = SimTime{(12 + client) * second},
            .did = {.compute = Seconds{1}, .transfer = Seconds{2}, .down = plan.download, .up = plan.upload},
            .course = {},
            .stage_began = {}};
  }
  const std::vector<TrainingRecord> records = {{.client = 1, .invitation = 3, .first_loss = 4, .last_loss = 3},
                                               {.client = 4, .invitation = 3, .refused = true},
                                               {.client = 5, .invitation = 3, .last_loss = 1}};
};

TEST_F(Rows, OfPlansAreByClientWhetherTheyTookPartOrNot) {
  const auto rows = plan_rows(assembly, round, records);
  ASSERT_EQ(rows.size(), 5U);
  const std::vector<std::int64_t> clients = {0, 1, 2, 4, 5};
  const std::vector outcomes = {Outcome::sat_out, Outcome::returned, Outcome::sat_out, Outcome::refused,
                                Outcome::returned};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].client, clients[i]);
    EXPECT_EQ(rows[i].outcome, outcomes[i]) << "client " << clients[i];
    EXPECT_EQ(rows[i].round, 3);
  }
}

TEST_F(Rows, OfPlansSayWhatWasPlannedAndWhatCameOfIt) {
  const auto row = plan_rows(assembly, round, records)[1];
  const auto plan = assembly.plan(1).value();
  EXPECT_EQ(row.ratio, plan.ratio);
  EXPECT_EQ(row.examples, plan.examples);
  EXPECT_EQ(row.download.value, plan.download.value);
  EXPECT_EQ(row.upload.value, plan.upload.value);
  EXPECT_EQ(row.peak_memory.value, plan.peak_memory.value);
  EXPECT_EQ(row.energy.value, plan.energy.value);
  const auto link = assembly.link(1);
  EXPECT_DOUBLE_EQ(row.predicted.value, plan.compute.value + 2 * link.latency.value +
                                            plan.download.value / link.down.value + plan.upload.value / link.up.value);
  EXPECT_EQ(row.simulated.value, 3) << "from second 10 to second 13";
  EXPECT_EQ(row.first_loss, 4);
  EXPECT_EQ(row.last_loss, 3);
}

TEST_F(Rows, OfPlansHaveNoFiguresOfThoseWhoSatOut) {
  const auto row = plan_rows(assembly, round, records)[0];
  EXPECT_TRUE(std::isnan(row.ratio));
  EXPECT_TRUE(std::isnan(row.first_loss));
  EXPECT_EQ(row.upload.value, 0);
  EXPECT_EQ(row.binding, assembly.choice(0).binding) << "what its policy says of it";
}

TEST_F(Rows, OfPlansUnderTimingReturnEverybodyWithoutALoss) {
  for (const auto& row : plan_rows(assembly, round, {})) {
    EXPECT_NE(row.outcome, Outcome::refused) << row.client;
    EXPECT_TRUE(std::isnan(row.last_loss)) << row.client;
  }
}

TEST_F(Rows, OfARoundCountAndAddUpItsPlans) {
  auto plans = plan_rows(assembly, round, records);
  plans[1].examples = 30;
  plans[4].examples = 10;
  const auto row = round_row(assembly, round, plans);
  EXPECT_EQ(row.round, 3);
  EXPECT_EQ(row.start, round.start);
  EXPECT_EQ(row.end, round.end);
  EXPECT_EQ(row.started, 3);
  EXPECT_EQ(row.returned, 2);
  EXPECT_EQ(row.refused, 1);
  EXPECT_EQ(row.sat_out, 2);
  double up = 0;
  double energy = 0;
  for (const auto& part : round.participations) {
    up += part.plan.upload.value;
    energy += sim::participation_energy(assembly.fleet.device(part.plan.client), part.did).value;
  }
  EXPECT_DOUBLE_EQ(row.bytes_up.value, up) << "a refused update was carried too";
  EXPECT_DOUBLE_EQ(row.energy.value, energy);
  EXPECT_DOUBLE_EQ(row.training_loss, (30 * 3.0 + 10 * 1.0) / 40) << "weighted by examples, the refused one left out";
}

TEST_F(Rows, TellEveryFateApart) {
  const std::vector<std::pair<Fate, Outcome>> told = {
      {Fate::left, Outcome::lost},      {Fate::crashed, Outcome::lost},    {Fate::flat, Outcome::lost},
      {Fate::discarded, Outcome::lost}, {Fate::called_off, Outcome::late}, {Fate::corrupt, Outcome::refused},
  };
  std::set<std::string> words;
  for (const auto& [fate, outcome] : told) {
    round.participations = {part_of(1)};
    round.participations[0].fate = fate;
    const auto plans = plan_rows(assembly, round, {});
    EXPECT_EQ(plans[1].outcome, outcome) << plans[1].fate;
    EXPECT_TRUE(words.insert(plans[1].fate).second) << plans[1].fate << " is told of two fates";
    const auto row = round_row(assembly, round, plans);
    EXPECT_DOUBLE_EQ(row.wasted.value, (plans[1].received + plans[1].sent).value) << plans[1].fate;
    EXPECT_EQ(row.version, 1) << plans[1].fate;
  }
}

TEST_F(Rows, OfARoundTellItsMeanStalenessAndWhatItsEnergyStandsFor) {
  assembly.scenario.energy = {.carbon = 360, .price = 0.5};
  round.version = 4;
  round.participations[0].version = 2;
  auto plans = plan_rows(assembly, round, {});
  const auto row = round_row(assembly, round, plans);
  EXPECT_DOUBLE_EQ(row.staleness, (2 + 3 + 3) / 3.0);
  EXPECT_DOUBLE_EQ(row.carbon, row.energy.value * 1e-4) << "360 g for 3.6 MJ";
  EXPECT_DOUBLE_EQ(row.cost, row.energy.value / 7.2e6);
}

TEST_F(Rows, OfARoundRaiseTheVersionOnlyWhenSomethingWasFused) {
  EXPECT_EQ(round_row(assembly, round, plan_rows(assembly, round, records)).version, 2);
  EXPECT_EQ(round_row(assembly, round, plan_rows(assembly, round, {})).version, 2)
      << "under timing everybody's update is fused";

  auto refused = records;
  for (auto& record : refused)
    record.refused = true;
  const auto row = round_row(assembly, round, plan_rows(assembly, round, refused));
  EXPECT_EQ(row.version, 1) << "all were refused";
  EXPECT_TRUE(std::isnan(row.training_loss));

  round.participations.clear();
  EXPECT_EQ(round_row(assembly, round, plan_rows(assembly, round, {})).version, 1) << "nobody took part";
}

}  // namespace
}  // namespace edgefuse::app
