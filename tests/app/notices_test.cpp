#include "app/run/notices.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace edgefuse::app {
namespace {

TEST(Notices, AreNoneWhereEverybodysUpdateIsFused) {
  EXPECT_TRUE(notices_of(1, std::vector<TrainingRecord>{{.client = 1}, {.client = 2}}).empty());
}

TEST(Notices, TellEachReasonOnceHoweverManyClientsItIs) {
  std::vector<TrainingRecord> records;
  for (std::uint32_t client = 0; client < 40; ++client)
    records.push_back(
        {.client = client, .refused = true, .stopped = llm::Stop{.step = 3, .loss = HUGE_VAL, .gradient = 2}});
  records.push_back({.client = 77, .refused = true});
  records.push_back({.client = 80, .forgot_drift = true});
  records.push_back({.client = 81, .forgot_drift = true});
  EXPECT_EQ(
      notices_of(4, records),
      (std::vector<std::string>{
          "round 4: training of 40 clients (0, 1, 2, 3, 4, 5, 6, 7 and others) stopped, client 0's at step 3: the "
          "loss is inf and its gradient 2; left out (a smaller training.learning_rate or weight_decay, or a "
          "training.clip_norm may help)",
          "round 4: what client 77 sent is refused: its numbers are not finite",
          "round 4: the control variate of 2 clients (80, 81) begins anew: it is of another variant or rank"}));
}

TEST(Notices, LookBeforeTheFirstStepWhereNoneWasTaken) {
  const std::vector<TrainingRecord> records = {
      {.client = 5, .refused = true, .stopped = llm::Stop{.loss = std::nan(""), .gradient = std::nan("")}}};
  ASSERT_EQ(notices_of(2, records).size(), 1U);
  EXPECT_NE(notices_of(2, records).front().find("client 5 stopped, client 5's at step 0"), std::string::npos)
      << notices_of(2, records).front();
  EXPECT_NE(notices_of(2, records).front().find("what the rounds before made of the base"), std::string::npos);
}

}  // namespace
}  // namespace edgefuse::app
