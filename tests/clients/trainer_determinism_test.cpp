#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "clients/trainer.hpp"
#include "tests/clients/training_fixture.hpp"

namespace edgefuse::clients {
namespace {

std::vector<LocalResult> train(const testing::SmallTraining& small, unsigned workers,
                               const std::vector<std::uint32_t>& order) {
  TrainerOptions options{.gang = 2, .crew = {.workers = workers}};
  options.training.learning_rate = 1e-2;
  Trainer trainer{options};
  for (const auto client : order)
    trainer.note(small.noted(client, client % 2));
  return trainer.train(small.models());
}

void expect_same_bits(const std::vector<LocalResult>& a, const std::vector<LocalResult>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].losses, b[i].losses) << "client " << a[i].client;
    EXPECT_EQ(a[i].grad_norms, b[i].grad_norms) << "client " << a[i].client;
    ASSERT_TRUE(a[i].update.has_value() && b[i].update.has_value());
    for (const auto& [id, factors] : a[i].update->adapter.modules) {
      const auto& other = b[i].update->adapter.modules.at(id);
      EXPECT_TRUE(at::equal(factors.a, other.a)) << "client " << a[i].client << ", " << id.name();
      EXPECT_TRUE(at::equal(factors.b, other.b)) << "client " << a[i].client << ", " << id.name();
    }
  }
}

TEST(TrainerDeterminism, AnyNumberOfWorkersGivesTheSameBits) {
  const testing::SmallTraining small;
  const std::vector<std::uint32_t> order{0, 1, 2, 3, 4, 5, 6, 7, 8};
  const auto one = train(small, 1, order);
  expect_same_bits(one, train(small, 2, order));
  expect_same_bits(one, train(small, 5, order));
}

TEST(TrainerDeterminism, TheOrderOfNotingDoesNotMatter) {
  const testing::SmallTraining small;
  expect_same_bits(train(small, 2, {0, 1, 2, 3, 4, 5, 6}), train(small, 2, {6, 2, 5, 0, 4, 1, 3}));
}

}  // namespace
}  // namespace edgefuse::clients
