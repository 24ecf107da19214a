#include "app/run/learning_task.hpp"
#include "app/run/methods.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/run/assembly.hpp"
#include "app/run/example_encoder.hpp"
#include "data/partitioners/registry.hpp"
#include "sim/error.hpp"
#include "tests/app/tiny_world.hpp"

namespace edgefuse::app {
namespace {

using testing::scenario_of;
using testing::TinyWorld;

TEST(LearningTask, HoldsNothingInItsShardsThatIsHeldOut) {
  const TinyWorld world;
  for (const auto* partitioner : {"iid", "by-domain", "dirichlet"}) {
    const auto scenario = scenario_of(world, {std::string{"data.partitioner="} + partitioner});
    const auto assembly = assemble(scenario, {});
    std::set<std::vector<std::int64_t>> trained;
    std::size_t examples = 0;
    for (const auto& shard : assembly.task.shards) {
      examples += shard.examples.size();
      for (const auto& example : shard.examples)
        trained.insert(example.ids);
    }
    EXPECT_EQ(examples, 48U) << partitioner;
    ExampleEncoder encoder{scenario, *assembly.base.tokenizer};
    const auto held_out = load_corpus(scenario, {}).held_out;
    EXPECT_EQ(held_out.size(), 12U) << partitioner;
    for (const auto& example : held_out)
      EXPECT_FALSE(trained.contains(encoder.encode(example)->ids)) << partitioner << ": " << example.prompt;
  }
}

/// Texts as clients' only data: the tiny tokenizer writes "a" as one token, which nothing comes before.
Corpus texts(const std::vector<std::string>& all) {
  Corpus corpus;
  for (const auto& text : all) {
    corpus.training.push_back({"here", "", text});
    corpus.labels.emplace_back("here");
  }
  return corpus;
}

struct Task : ::testing::Test {
  TinyWorld world;
  scenarios::Scenario scenario = scenario_of(world, {"training.loss=full"});
  Methods methods = make_methods(scenario);
  BaseModel base = open_base(scenario, &methods, {});

  [[nodiscard]] LearningTask task(const Corpus& corpus, const data::Partition& partition) const {
    return make_learning_task(scenario, corpus, partition, *base.tokenizer);
  }
};

TEST_F(Task, LeavesOutAndCountsTextsThatLeaveNothingToPredict) {
  const auto made = task(texts({"a", "a whole sentence", "b", "another one"}), {{0, 1}, {2, 3}});
  EXPECT_EQ(made.dropped, 2);
  for (const auto& shard : made.shards) {
    ASSERT_EQ(shard.examples.size(), 1U);
    EXPECT_GT(shard.examples[0].label_count(), 0);
    EXPECT_EQ(shard.workload.examples, 1);
  }
}

TEST_F(Task, FillsAClientsExamplesWithWhatCanBePredicted) {
  scenario.data.examples_per_client = 2;
  const auto made = task(texts({"a", "first of all", "second to none", "third time lucky"}), {{0, 1, 2, 3}});
  EXPECT_EQ(made.shards[0].examples.size(), 2U) << "the text without labels is not one of the two";
}

TEST_F(Task, IsRefusedWhenAClientHasNothingToPredict) {
  try {
    (void)task(texts({"a", "a whole sentence", "b"}), {{0}, {1}, {2}});
    FAIL() << "accepted clients that cannot train";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes()[0].file, world.scenario.string());
    EXPECT_GT(error.mistakes()[0].line, 0);
    EXPECT_EQ(error.mistakes()[0].problem, "no example leaves anything to predict for 2 of 3 clients: 0, 2");
  }
}

TEST(Run, SaysHowManyExamplesItLeftOut) {
  const TinyWorld world;
  // One of two speakers says a single letter, once.
  std::string play = "BEN:\na\n";
  for (int i = 0; i < 5; ++i)
    play += "\nANN:\nGood morning, good morning to you all.\n";
  world.write(world.folder / "play.txt", play);
  const auto [result, err] = testing::recorded(
      world, {"data.source=text", "data.paths=[\"" + (world.folder / "play.txt").string() + "\"]",
              "data.text_unit=speaker", "data.max_tokens=8", "data.partitioner=iid", "fleet.clients=2",
              "protocol.clients_per_round=2", "training.loss=full", "evaluation.held_out_loss=false"});
  EXPECT_NE(err.find("1 training example is left out: nothing in it can be predicted\n"), std::string::npos) << err;
}

}  // namespace
}  // namespace edgefuse::app
