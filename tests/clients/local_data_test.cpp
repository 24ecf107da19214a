#include "clients/local_data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace edgefuse::clients {
namespace {

/// Example i is a text of i + 2 tokens that begins with i, of which the last one is labelled.
std::vector<llm::Sequence> examples(std::int64_t count) {
  std::vector<llm::Sequence> made;
  for (std::int64_t i = 0; i < count; ++i) {
    llm::Sequence s;
    s.ids.assign(static_cast<std::size_t>(i + 2), 7);
    s.ids[0] = i;
    s.labels.assign(s.ids.size(), llm::no_label);
    s.labels.back() = 3;
    made.push_back(s);
  }
  return made;
}

std::vector<std::vector<std::int64_t>> names(const std::vector<llm::Batch>& batches) {
  std::vector<std::vector<std::int64_t>> all;
  for (const auto& batch : batches) {
    auto& row = all.emplace_back();
    for (const auto& sequence : batch)
      row.push_back(sequence.ids[0]);
  }
  return all;
}

TEST(LocalData, CountsTheStepsOfEpochsWithTheirPartialBatches) {
  EXPECT_EQ(local_steps(10, {.epochs = 3, .batch = 4}), 9);
  EXPECT_EQ(local_steps(8, {.epochs = 3, .batch = 4}), 6);
  EXPECT_EQ(local_steps(2, {.epochs = 1, .batch = 4}), 1);
  EXPECT_EQ(local_steps(10, {.steps = 5, .batch = 4}), 5);
  EXPECT_EQ(local_steps(0, {.steps = 5, .batch = 4}), 0);
}

TEST(LocalData, AccumulatesBatchesIntoSteps) {
  const LocalSchedule schedule{.epochs = 3, .batch = 4, .accumulation = 2};
  EXPECT_EQ(local_batch_count(10, schedule), 9);
  EXPECT_EQ(local_steps(10, schedule), 5) << "four steps of two batches, and what is left";
  EXPECT_EQ(local_batch_count(10, {.steps = 5, .batch = 4, .accumulation = 3}), 15);
  EXPECT_EQ(local_steps(10, {.steps = 5, .batch = 4, .accumulation = 3}), 5);
}

TEST(LocalData, AnAccumulatedStepIsItsBatchesOneAfterTheOther) {
  const auto data = examples(10);
  const auto one_by_one = names(local_batches(data, {.epochs = 3, .batch = 4}, 1, 2, 3));
  const auto steps = names(local_batches(data, {.epochs = 3, .batch = 4, .accumulation = 2}, 1, 2, 3));
  ASSERT_EQ(steps.size(), 5u);
  auto second = one_by_one[2];
  second.insert(second.end(), one_by_one[3].begin(), one_by_one[3].end());
  EXPECT_EQ(steps[1], second);
  EXPECT_EQ(steps[4], one_by_one[8]);
  const auto load = workload(data, {.epochs = 3, .batch = 4, .accumulation = 2});
  EXPECT_EQ(load.batches, 9);
  EXPECT_EQ(load.step.rows, 4) << "memory holds one batch";
}

TEST(LocalData, EveryEpochHasEveryExampleOnce) {
  const auto data = examples(10);
  const auto batches = names(local_batches(data, {.epochs = 3, .batch = 4}, 1, 2, 3));
  ASSERT_EQ(batches.size(), 9u);
  std::vector<std::vector<std::int64_t>> passes;
  for (std::size_t pass = 0; pass < 3; ++pass) {
    auto& seen = passes.emplace_back();
    for (std::size_t step = 0; step < 3; ++step) {
      const auto& batch = batches[3 * pass + step];
      EXPECT_EQ(batch.size(), step < 2 ? 4u : 2u);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
  }
  EXPECT_NE(passes[0], passes[1]) << "each pass shuffles anew";
  for (auto& seen : passes) {
    std::ranges::sort(seen);
    for (std::int64_t i = 0; i < 10; ++i)
      EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  }
}

TEST(LocalData, StepsGoThroughTheExamplesAgainAsOftenAsNeeded) {
  const auto data = examples(3);
  const auto batches = names(local_batches(data, {.steps = 4, .batch = 8}, 1, 2, 3));
  ASSERT_EQ(batches.size(), 4u);
  for (auto batch : batches) {
    std::ranges::sort(batch);
    EXPECT_EQ(batch, (std::vector<std::int64_t>{0, 1, 2}));
  }
}

TEST(LocalData, AFewStepsAreTheBeginningOfMany) {
  const auto data = examples(9);
  const auto few = names(local_batches(data, {.steps = 4, .batch = 2}, 1, 2, 3));
  const auto many = names(local_batches(data, {.steps = 20, .batch = 2}, 1, 2, 3));
  ASSERT_EQ(many.size(), 20u);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(LocalData, OrderDependsOnSeedClientAndRoundAndOnNothingElse) {
  const auto data = examples(12);
  const LocalSchedule schedule{.epochs = 1, .batch = 5};
  const auto order = names(local_batches(data, schedule, 1, 2, 3));
  EXPECT_EQ(names(local_batches(data, schedule, 1, 2, 3)), order);
  EXPECT_NE(names(local_batches(data, schedule, 9, 2, 3)), order);
  EXPECT_NE(names(local_batches(data, schedule, 1, 9, 3)), order);
  EXPECT_NE(names(local_batches(data, schedule, 1, 2, 9)), order);
}

TEST(LocalData, WorkloadHasTheLongestExampleAndTheShareOfLabels) {
  const auto load = workload(examples(5), {.epochs = 2, .batch = 4});
  EXPECT_EQ(load.examples, 5);
  EXPECT_EQ(load.steps, 4);
  EXPECT_EQ(load.step.rows, 4);
  EXPECT_EQ(load.step.sequence, 6);
  EXPECT_DOUBLE_EQ(load.step.labelled_share, 5.0 / (5 * 6));
}

TEST(LocalData, TheStepThatHasToFitHasTheExamplesWithTheMostLabels) {
  auto data = examples(6);
  const std::vector<std::size_t> labelled = {1, 1, 4, 1, 5, 2};
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].ids.resize(9, 7);
    data[i].labels.assign(9, llm::no_label);
    std::fill_n(data[i].labels.rbegin(), labelled[i], 3);
  }
  const auto most = [&](std::int64_t batch) { return workload(data, {.epochs = 1, .batch = batch}).step.most_labels; };
  EXPECT_EQ(most(1), 5);
  EXPECT_EQ(most(3), 5 + 4 + 2);
  EXPECT_EQ(most(8), 14) << "a batch of all there is";
  EXPECT_DOUBLE_EQ(workload(data, {.epochs = 1, .batch = 3}).step.labelled_share, 14.0 / (6 * 9));
}

TEST(LocalData, NoBatchHasMoreLabelsThanTheWorkloadSays) {
  auto data = examples(23);
  for (std::size_t i = 0; i < data.size(); ++i)
    for (std::size_t j = 0; j < data[i].labels.size(); j += 1 + i % 5)
      data[i].labels[j] = 3;
  const LocalSchedule schedule{.epochs = 40, .batch = 4};
  std::int64_t most = 0;
  for (const auto& batch : local_batches(data, schedule, 1, 2, 3)) {
    std::int64_t labels = 0;
    for (const auto& sequence : batch)
      labels += sequence.label_count();
    most = std::max(most, labels);
  }
  const auto said = workload(data, schedule).step.most_labels.value();
  EXPECT_LE(most, said);
  EXPECT_GT(most, said / 2) << "in forty passes many labels meet";
}

TEST(LocalData, ABatchLargerThanTheDataHasTheDataForRows) {
  EXPECT_EQ(workload(examples(3), {.epochs = 1, .batch = 8}).step.rows, 3);
}

TEST(LocalData, WithoutExamplesThereIsNothingToDo) {
  const auto load = workload({}, {.epochs = 2, .batch = 4});
  EXPECT_EQ(load.steps, 0);
  EXPECT_TRUE(local_batches({}, {.epochs = 2, .batch = 4}, 1, 2, 3).empty());
}

}  // namespace
}  // namespace edgefuse::clients
