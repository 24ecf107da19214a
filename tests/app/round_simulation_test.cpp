#include "app/run/round_simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>

namespace edgefuse::app {
namespace {

constexpr sim::Link link_of(std::uint32_t client) {
  return {.up = BytesPerSecond{1e6}, .down = BytesPerSecond{2e6 * (client + 1)}, .latency = Seconds{0.5}};
}

/// A fleet where client c downloads 4 MB, computes 10 + c seconds and uploads 1 MB; odd clients may be made to sit out.
struct SimulatedRun {
  std::vector<RoundTimeline> rounds;
  std::vector<EventKind> kinds;
  std::vector<std::uint32_t> trained;

  explicit SimulatedRun(std::uint32_t clients, std::int64_t count, bool odd_sit_out = false,
                        const ServerCapacity& capacity = {BytesPerSecond{1e9}, BytesPerSecond{1e9}}) {
    const auto protocol = server::protocols().make(
        "synchronous", {{"rounds", static_cast<double>(count)}, {"clients_per_round", static_cast<double>(clients)}});
    RoundSimulation simulation{clients, capacity, *protocol, hooks(clients, odd_sit_out)};
    simulation.run();
  }

 private:
  RoundHooks hooks(std::uint32_t clients, bool odd_sit_out) {
    return {.select =
                [clients](std::int64_t, std::int64_t) {
                  std::vector<std::uint32_t> all(clients);
                  std::iota(all.rbegin(), all.rend(), 0U);
                  return all;
                },
            .plan = [odd_sit_out](std::uint32_t client) -> std::optional<llm::Plan> {
              if (odd_sit_out && client % 2 == 1) return std::nullopt;
              llm::Plan plan;
              plan.client = client;
              plan.compute = Seconds{10.0 + client};
              plan.download = Bytes{4e6};
              plan.upload = Bytes{1e6};
              return plan;
            },
            .link = link_of,
            .trained = [this](std::int64_t, const llm::Plan& plan) { trained.push_back(plan.client); },
            .fused = [this](const RoundTimeline& round) { rounds.push_back(round); },
            .observed = [this](const sim::Event& event) { kinds.push_back(static_cast<EventKind>(event.kind)); }};
  }
};

TEST(RoundSimulation, ARoundLastsAsLongAsItsSlowestClient) {
  const SimulatedRun run{3, 1};
  // latency + 4 MB / rate, compute, latency + 1 MB / (1 MB/s)
  const std::vector<double> expected = {0.5 + 2.0 + 10 + 0.5 + 1, 0.5 + 1.0 + 11 + 0.5 + 1,
                                        0.5 + 4.0 / 6 + 12 + 0.5 + 1};
  ASSERT_EQ(run.rounds.size(), 1U);
  ASSERT_EQ(run.rounds[0].participations.size(), 3U);
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(run.rounds[0].participations[c].returned.since_start().value, expected[c], 1e-8) << "client " << c;
  EXPECT_NEAR(run.rounds[0].end.since_start().value, expected[2], 1e-8);
}

TEST(RoundSimulation, TheNextRoundBeginsWhenTheLastHasFused) {
  const SimulatedRun run{2, 3};
  ASSERT_EQ(run.rounds.size(), 3U);
  for (std::size_t r = 1; r < 3; ++r) {
    EXPECT_EQ(run.rounds[r].start, run.rounds[r - 1].end) << "round " << r + 1;
    EXPECT_EQ(run.rounds[r].round, static_cast<std::int64_t>(r + 1));
  }
}

TEST(RoundSimulation, ClientsThatFitNoVariantAreCountedAndNotWaitedFor) {
  const SimulatedRun run{4, 1, true};
  ASSERT_EQ(run.rounds.size(), 1U);
  EXPECT_EQ(run.rounds[0].sat_out, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(run.rounds[0].participations.size(), 2U);
  EXPECT_EQ(run.trained, (std::vector<std::uint32_t>{0, 2})) << "trained in the order their compute ends";
}

TEST(RoundSimulation, ClientsShareWhatTheServerCanSend) {
  // 3 MB/s for three clients whose own links take 2, 4 and 6 MB/s: each gets 1 MB/s until all have their 4 MB.
  const SimulatedRun run{3, 1, false, {.down = BytesPerSecond{3e6}, .up = BytesPerSecond{1e9}}};
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(run.rounds[0].participations[c].returned.since_start().value,
                0.5 + 4 + 10 + static_cast<double>(c) + 0.5 + 1, 1e-8)
        << "client " << c;
}

TEST(RoundSimulation, UploadsThatMeetShareWhatTheServerCanTakeIn) {
  // Uploads begin at 12.5 s, 12.5 s (1 s later by compute, 1 s earlier by download) and 13.17 s, at 1 MB/s in all.
  const SimulatedRun run{2, 1, false, {.down = BytesPerSecond{1e9}, .up = BytesPerSecond{1e6}}};
  for (std::size_t c = 0; c < 2; ++c)
    EXPECT_NEAR(run.rounds[0].participations[c].returned.since_start().value, 0.5 + 2 + 10 + 2 + 0.5, 1e-8)
        << "client " << c;
}

TEST(RoundSimulation, EveryClientHasThreeEventsAndEveryRoundTwo) {
  const SimulatedRun run{5, 2};
  const auto of_the_link = std::ranges::count(run.kinds, EventKind::transfers_sent);
  EXPECT_EQ(run.kinds.size() - static_cast<std::size_t>(of_the_link), 2U * (5 * 3 + 2));
  EXPECT_LE(of_the_link, 2 * 2 * 5) << "an end of a transfer each, or several at once";
  EXPECT_EQ(run.kinds.front(), EventKind::begin_round);
  EXPECT_EQ(run.kinds.back(), EventKind::fuse);
}

}  // namespace
}  // namespace edgefuse::app
