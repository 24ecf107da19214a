#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using nlohmann::json;

std::string shipped(const std::string& name) {
  return (edgefuse::testing::project_root() / "scenarios/what-if" / (name + ".toml")).string();
}

testing::Outcome check(const std::string& name, const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> arguments = {"check", shipped(name), "--json"};
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  return testing::edgefuse(arguments);
}

void expect_refused(const testing::Outcome& outcome, const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  for (const auto& part : parts)
    EXPECT_NE(outcome.err.find(part), std::string::npos) << "\"" << part << "\" is not in\n" << outcome.err;
}

TEST(CheckCommand, TellsWhatEveryGroupWouldDo) {
  const auto outcome = check("stragglers");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto told = json::parse(outcome.out);
  EXPECT_EQ(told.at("clients_per_round"), 20);
  const auto& boards = told.at("groups").at(2);
  EXPECT_EQ(boards.at("device"), "raspberry-pi-4");
  EXPECT_EQ(boards.at("clients"), 6);
  EXPECT_GT(boards.at("seconds").at("median"), told.at("groups").at(0).at("seconds").at("most"))
      << "that is why they straggle";
  EXPECT_EQ(boards.at("share_there"), 1);
}

TEST(CheckCommand, CountsThoseThatFitNothingAndWhatTheyWouldNeed) {
  const auto outcome = check("stragglers", {"fleet.group[2].memory=\"1 MB\""});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto boards = json::parse(outcome.out).at("groups").at(2);
  EXPECT_EQ(boards.at("sat_out"), 6);
  EXPECT_GT(boards.at("needs").at("memory"), 1e6);
}

TEST(CheckCommand, SaysWhichBudgetAClientThatSitsOutLacks) {
  const auto late =
      json::parse(check("stragglers", {"pruning.policy=fit-deadline", "pruning.policy_settings={deadline=20}"}).out);
  const auto& boards = late.at("groups").at(2);
  EXPECT_GT(boards.at("sat_out"), 0);
  EXPECT_GT(boards.at("needs").at("deadline"), 20);
  expect_refused(
      check("stragglers", {"pruning.policy=fit-energy", "pruning.policy_settings={energy=0.01}"}),
      {"pruning.policy_settings: no variant is within any client's energy", "the least that anybody needs is"});
}

TEST(CheckCommand, SaysWhatAFixedRatioWouldNeedAndNotASmallerOne) {
  const auto need_at = [](const std::string& ratio) {
    const auto told =
        json::parse(check("stragglers", {"fleet.group[2].memory=\"1 MB\"", "pruning.ratios=[0,0.5]",
                                         "pruning.policy=fixed", "pruning.policy_settings={ratio=" + ratio + "}"})
                        .out);
    EXPECT_EQ(told.at("groups").at(2).at("sat_out"), 6);
    return told.at("groups").at(2).at("needs").at("memory").get<double>();
  };
  EXPECT_GT(need_at("0"), 1.2 * need_at("0.5"));
}

/// Against what the runs of the same scenario carried over the server's link.
TEST(CheckCommand, CountsACopyForEachCellAndVariantWhereThereAreAggregators) {
  const auto told = json::parse(check("hierarchy", {}).out);
  const auto direct = json::parse(check("hierarchy", {"protocol.kind=synchronous"}).out);
  EXPECT_LT(2 * told.at("server_down_seconds").get<double>(), direct.at("server_down_seconds").get<double>());
  EXPECT_NEAR(told.at("server_down_seconds").get<double>(), 222e6 / 6 / 2e6, 2) << "six rounds, 222 MB, 2 MB/s";
  const auto thin = json::parse(check("hierarchy", {"network.cell[0].backhaul=\"10 kB/s\""}).out);
  EXPECT_GT(thin.at("server_down_seconds").get<double>(), 300) << "a copy of several MB at 10 kB/s";
}

TEST(CheckCommand, TellsTheRankWithTheRatio) {
  const auto told = json::parse(check("stragglers", {"adapter.ranks=[3,12]"}).out).at("groups").at(0).at("ratios");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.at(0).at("rank"), 12) << "all of them fit the largest";
}

TEST(CheckCommand, CountsThoseThatMeetADeadline) {
  const auto told = json::parse(check("flaky-devices", {"protocol.settings={window=90}"}).out);
  for (const auto& group : told.at("groups")) {
    EXPECT_GT(group.at("in_time"), 0);
    EXPECT_LT(group.at("in_time"), group.at("clients"));
  }
}

TEST(CheckCommand, TellsHowMuchOfADayClientsAreThere) {
  const auto night = json::parse(check("day-and-night").out).at("groups").at(0).at("share_there").get<double>();
  EXPECT_NEAR(night, 7.0 / 24, 0.03);
}

TEST(CheckCommand, WritesATableAndNothingElse) {
  const auto outcome = testing::edgefuse({"check", shipped("stragglers")});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("raspberry-pi-4: 6 clients"), std::string::npos) << outcome.out;
}

TEST(CheckCommand, RefusesADeadlineThatNobodyCanMeet) {
  expect_refused(check("flaky-devices", {"protocol.settings={window=1}"}),
                 {"protocol.settings: window = 1 leaves 1.00 s, and the fastest client needs", "give more than"});
  expect_refused(check("stragglers", {"selection.method=deadline-aware", "selection.settings={deadline=0.5}"}),
                 {"selection.settings: deadline = 0.5"});
}

TEST(CheckCommand, RefusesADeadlineThatFewerThanAQuorumCanMeet) {
  const auto told = json::parse(check("flaky-devices", {"protocol.settings={window=90}"}).out);
  std::int64_t in_time = 0;
  std::int64_t clients = 0;
  for (const auto& group : told.at("groups")) {
    in_time += group.at("in_time").get<std::int64_t>();
    clients += group.at("clients").get<std::int64_t>();
  }
  const auto with_quorum = [](std::int64_t quorum) {
    return check("flaky-devices", {fmt::format("protocol.settings={{window=90,quorum={}}}", quorum),
                                   fmt::format("protocol.clients_per_round={}", quorum)});
  };
  ASSERT_LT(in_time, clients);
  EXPECT_EQ(with_quorum(in_time).code, 0) << with_quorum(in_time).err;
  expect_refused(with_quorum(in_time + 1), {"protocol.settings: window = 90", "fastest clients need"});
}

TEST(CheckCommand, RefusesWindowsThatEndBeforeAnybodyIsBack) {
  expect_refused(check("flaky-devices", {"protocol.settings={window=0.001,late=\"keep\"}"}), {"window = 0.001"});
}

TEST(CheckCommand, RefusesAFleetThatCrashes) {
  expect_refused(check("stragglers", {"failures.crash=1"}), {"failures.crash: every client crashes"});
}

TEST(CheckCommand, RefusesKeysOfTheProtocolAmongItsSettings) {
  expect_refused(check("stragglers", {"protocol.settings={rounds=3}"}), {"protocol.settings: rounds is no setting"});
}

TEST(CheckCommand, RefusesAvailabilityThatNeverComes) {
  const auto trace = edgefuse::testing::scratch_folder() / "devices.csv";
  std::ofstream{trace} << "device,from,to\n";
  expect_refused(check("stragglers",
                       {"fleet.availability=trace", "fleet.availability_settings={path=\"" + trace.string() + "\"}"}),
                 {trace.string()});
}

TEST(CheckCommand, RefusesTracesOutOfOrderAndNotANumber) {
  const auto folder = edgefuse::testing::scratch_folder();
  std::ofstream{folder / "order"} << "0 1\n5 2\n3 1\n";
  expect_refused(check("stragglers", {"fleet.group[0].trace=\"" + (folder / "order").string() + "\""}), {"order:3"});
  std::ofstream{folder / "nan"} << "0 1\n5 nan\n7 1\n";
  expect_refused(check("stragglers", {"fleet.group[0].trace=\"" + (folder / "nan").string() + "\""}), {"nan:2"});
}

TEST(CheckCommand, RefusesSelectionByLossesUnderTiming) {
  expect_refused(check("stragglers", {"selection.method=oort"}),
                 {"selection.method: \"oort\" goes by losses", "write fidelity = \"learning\""});
}

TEST(CheckCommand, RefusesAnUnknownRadioWithTheNearest) {
  expect_refused(check("stragglers", {"fleet.group[0].radio=wify"}), {"did you mean \"wifi\"?"});
}

TEST(CheckCommand, SaysEverythingThatIsWrongAtOnce) {
  expect_refused(
      check("stragglers", {"fleet.group[0].radio=wify", "selection.method=oort", "fleet.availability=often"}),
      {"fleet.group[0].radio", "selection.method", "fleet.availability"});
}

}  // namespace
}  // namespace edgefuse::app
