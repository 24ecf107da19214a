#include "clients/trainer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "sim/error.hpp"
#include "tests/clients/training_fixture.hpp"

namespace edgefuse::clients {
namespace {

using testing::poisoned;
using testing::SmallTraining;

std::vector<std::uint32_t> clients(const std::vector<LocalResult>& results) {
  std::vector<std::uint32_t> ids;
  for (const auto& result : results)
    ids.push_back(result.client);
  return ids;
}

TEST(Trainer, ReturnsAnUpdateForEveryClientInTheOrderOfClients) {
  const SmallTraining small;
  Trainer trainer{{.gang = 2}};
  for (const std::uint32_t client : {9u, 2u, 5u, 7u})
    trainer.note(small.noted(client, client % 2));
  const auto results = trainer.train(small.models());
  EXPECT_EQ(clients(results), (std::vector<std::uint32_t>{2, 5, 7, 9}));
  for (const auto& result : results) {
    ASSERT_TRUE(result.update.has_value()) << "client " << result.client;
    EXPECT_EQ(result.update->client, result.client);
    EXPECT_EQ(result.update->version, 4);
    EXPECT_EQ(result.update->examples, 10 + result.client);
    EXPECT_EQ(result.update->variant, small.variant(result.client % 2).shape);
    EXPECT_EQ(result.losses.size(), 2 + result.client % 2);
    EXPECT_EQ(result.grad_norms.size(), result.losses.size());
  }
  EXPECT_EQ(trainer.noted(), 0u);
  EXPECT_TRUE(trainer.train(small.models()).empty());
}

TEST(Trainer, GivesWhatTrainingEachClientAloneGives) {
  const SmallTraining small;
  Trainer trainer{{.gang = 3}};
  for (std::uint32_t client = 0; client < 5; ++client)
    trainer.note(small.noted(client, 1));
  for (const auto& result : trainer.train(small.models())) {
    const std::vector job{small.job(result.client, 1)};
    const auto alone = llm::train_gang(small.variant(1).model, job, {});
    ASSERT_EQ(result.losses.size(), alone[0].losses.size());
    for (std::size_t i = 0; i < alone[0].losses.size(); ++i)
      EXPECT_NEAR(result.losses[i], alone[0].losses[i], 1e-5);
    for (const auto& [id, factors] : alone[0].adapter.modules) {
      EXPECT_TRUE(at::allclose(result.update->adapter.modules.at(id).b, factors.b, 1e-4, 1e-5)) << id.name();
    }
  }
}

TEST(Trainer, TellsAClientsTrainingsApartByTheirInvitations) {
  const SmallTraining small;
  Trainer trainer{{}};
  for (const std::int64_t invitation : {7, 5}) {
    auto training = small.noted(3, 0);
    training.invitation = invitation;
    trainer.note(training);
  }
  const auto results = trainer.train(small.models());
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].invitation, 5);
  EXPECT_EQ(results[1].invitation, 7);
}

TEST(Trainer, LetsRanksShareAGangButNotVersions) {
  const SmallTraining small;
  Trainer trainer{{.gang = 8}};
  trainer.note(small.noted(1, 0, 2));
  trainer.note(small.noted(2, 0, 3));
  auto older = small.noted(3, 0, 2);
  older.version = 1;
  trainer.note(older);
  std::vector<std::int64_t> versions;
  const auto results = trainer.train([&](std::int64_t version, std::uint32_t variant) -> const VariantModel& {
    versions.push_back(version);
    return small.variant(variant);
  });
  EXPECT_EQ(versions, (std::vector<std::int64_t>{1, 4})) << "clients 1 and 2 train through the same weights";
  EXPECT_EQ(clients(results), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(results[1].update->adapter.spec.rank, 3);
  EXPECT_EQ(results[2].update->version, 1);
}

TEST(Trainer, TellsHowFarItIsAfterEveryGang) {
  const SmallTraining small;
  std::vector<TrainingProgress> told;
  Trainer trainer{{.gang = 2, .crew = {.workers = 2}}};
  for (std::uint32_t client = 0; client < 5; ++client)
    trainer.note(small.noted(client, 0));
  static_cast<void>(trainer.train(small.models(), [&](const TrainingProgress& p) { told.push_back(p); }));
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told.back().trained, 5u);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].clients, 5u);
    EXPECT_GT(told[i].tokens, i == 0 ? 0 : told[i - 1].tokens);
  }
}

TEST(Trainer, AClientThatDivergesHasNoUpdateAndHarmsNobody) {
  const SmallTraining small;
  Trainer trainer{{.gang = 4}};
  trainer.note(small.noted(1, 0));
  trainer.note(small.noted(2, 0));
  auto broken = small.noted(3, 0);
  broken.build = [&small] { return poisoned(small.job(3, 0)); };
  trainer.note(broken);
  const auto results = trainer.train(small.models());
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[0].update.has_value());
  EXPECT_TRUE(results[1].update.has_value());
  EXPECT_FALSE(results[2].update.has_value());
  ASSERT_FALSE(results[2].losses.empty());
  EXPECT_FALSE(std::isfinite(results[2].losses.back()));
}

TEST(Trainer, NamesTheClientsOfAGangThatFailed) {
  const SmallTraining small;
  for (const unsigned workers : {1u, 2u}) {
    Trainer trainer{{.gang = 1, .crew = {.workers = workers}}};
    trainer.note(small.noted(1, 0));
    auto broken = small.noted(6, 0);
    broken.build = []() -> llm::TrainingJob { throw std::runtime_error{"the disk is gone\nframe 1"}; };
    trainer.note(broken);
    try {
      static_cast<void>(trainer.train(small.models()));
      FAIL() << "the failure was swallowed";
    } catch (const RunError& error) {
      EXPECT_STREQ(error.what(), "training of client 6 failed: the disk is gone");
    }
  }
}

TEST(TrainerDeathTest, RefusesTwoTrainingsOfOneClient) {
  const SmallTraining small;
  Trainer trainer{{}};
  trainer.note(small.noted(1, 0));
  EXPECT_DEATH(trainer.note(small.noted(1, 1)), "one adapter at a time");
}

}  // namespace
}  // namespace edgefuse::clients
