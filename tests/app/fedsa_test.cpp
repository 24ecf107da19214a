#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <ATen/ATen.h>

#include "app/run/engine_options.hpp"
#include "clients/local_data.hpp"
#include "llm/delta.hpp"
#include "llm/training.hpp"
#include "llm/variant.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// FedSA-LoRA (2410.01463): A is averaged, and B is its client's own from round to round.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::recorded;
using testing::Rounds;
using testing::scenario_of;
using testing::TinyWorld;
using testing::whole_with;

using Overrides = std::vector<std::string>;

Overrides sharing_a(Overrides more = {}) {
  more.insert(more.end(),
              {"recovery.between_rounds=carry", "adapter.start=shared", "adapter.shares=a", "fusion.arm[0].rule=fedit",
               "fusion.arm[1].rule=fedit", "fusion.arm[1].conflict=none", "protocol.rounds=4"});
  return more;
}

const llm::LowRank& of(const llm::ModelDelta& change, llm::ModuleId id) {
  return std::get<llm::LowRank>(change.at(id));
}

/// The same rounds with one client at a time and the public functions of llm and clients alone, on the whole base.
struct ByHand {
  const Rounds& rounds;
  llm::Model base = rounds.learner.base();
  llm::LoraSpec spec = lora_spec(rounds.assembly.scenario.adapter);
  std::uint64_t seed = rounds.assembly.scenario.seed;
  std::map<llm::ModuleId, at::Tensor> a{};                              // the server's; none before the first round
  std::map<std::uint32_t, std::map<llm::ModuleId, at::Tensor>> b = {};  // of those that took part

  llm::Adapter start(std::uint32_t client) const {
    auto adapter = llm::make_adapter(base, spec, seed, 0);
    for (auto& [id, factors] : adapter.modules) {
      if (!a.empty()) factors.a = a.at(id).clone();
      if (b.contains(client)) factors.b = b.at(client).at(id).clone();
    }
    return adapter;
  }

  /// What the clients make of it, by client.
  std::map<std::uint32_t, llm::Adapter> run(std::int64_t round, const std::vector<std::uint32_t>& clients) {
    const auto& scenario = rounds.assembly.scenario;
    std::map<std::uint32_t, llm::Adapter> trained;
    std::map<llm::ModuleId, at::Tensor> sum;
    double total = 0;
    for (const auto client : clients) {
      const auto& examples = rounds.assembly.task.shard(client).examples;
      const std::vector<llm::TrainingJob> job = {
          {.initial = start(client),
           .steps = clients::local_batches(examples, local_schedule(scenario.training), seed, client,
                                           static_cast<std::uint32_t>(round))}};
      trained[client] = llm::train_gang(base, job, training_options(scenario.training)).front().adapter;
      const auto weight = static_cast<double>(examples.size());
      total += weight;
      for (const auto& [id, factors] : trained[client].modules) {
        const at::Tensor term = weight * factors.a.to(at::kDouble);
        sum[id] = sum.contains(id) ? sum[id] + term : term;
        b[client][id] = factors.b;
      }
    }
    for (const auto& [id, weighted] : sum)
      a[id] = (weighted / total).to(at::kFloat);
    return trained;
  }
};

TEST(FedSa, AIsTheWeightedMeanAndEveryBGoesOnOverTheRounds) {
  const TinyWorld world;
  Rounds rounds{world, whole_with(sharing_a({"training.gang=1"}))};
  ByHand hand{rounds};
  const std::vector<std::vector<std::uint32_t>> who = {{0, 1, 2}, {1, 3}, {0, 1, 3}};
  for (std::int64_t round = 1; round <= 3; ++round) {
    const auto& clients = who[static_cast<std::size_t>(round - 1)];
    rounds.run(round, clients);
    const auto trained = hand.run(round, clients);
    const auto fused = rounds.learner.fuse(rounds.arm()).change;
    ASSERT_EQ(rounds.learner.contributions().size(), clients.size());
    for (const auto& [id, mean] : hand.a) {
      EXPECT_LT((of(fused, id).a - mean).abs().max().item<double>(), 1e-5)
          << "round " << round << ", " << id.name() << ": A is not the mean of A's weighted by examples";
      EXPECT_EQ(of(fused, id).b.abs().max().item<double>(), 0) << "the server has a B of " << id.name();
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
      for (const auto& [id, factors] : trained.at(clients[i]).modules) {
        const auto& arrived = of(rounds.learner.contributions()[i].delta, id);
        EXPECT_LT((arrived.a - factors.a).abs().max().item<double>(), 1e-5)
            << "round " << round << ", client " << clients[i] << ", " << id.name();
        EXPECT_EQ(arrived.b.abs().max().item<double>(), 0) << "B of client " << clients[i] << " travelled";
      }
    rounds.next();
  }
}

/// What clients hold, who each hold a domain's data alone.
std::map<std::uint32_t, llm::ModelDelta> personal(const Rounds& rounds) {
  std::map<std::uint32_t, llm::ModelDelta> held;
  for (const auto* domain : {"north", "south"})
    for (auto& contribution : rounds.learner.contributions_of(domain))
      held[contribution.client] = std::move(contribution.delta);
  return held;
}

TEST(FedSa, ABPersistsBitForBitAlsoOverRoundsWithoutItsClient) {
  const TinyWorld world;
  Rounds rounds{world, whole_with(sharing_a({"data.partitioner=by-domain"}))};
  rounds.run(1, {0, 1, 2});
  const auto before = personal(rounds);
  ASSERT_EQ(before.size(), 3U);
  rounds.next();
  const auto kept = [&](std::uint32_t client, std::int64_t round) {
    return rounds.learner.begins(*rounds.assembly.plan(client), round, rounds.version);
  };
  const double scale = lora_spec(rounds.assembly.scenario.adapter).scale();
  for (const std::uint32_t client : {0U, 1U, 2U})
    for (const auto& [id, factors] : kept(client, 2).modules)
      EXPECT_TRUE(at::equal(scale * factors.b, of(before.at(client), id).b)) << client << ", " << id.name();
  for (const auto& [id, factors] : kept(3, 2).modules)
    EXPECT_EQ(factors.b.abs().max().item<double>(), 0) << "client 3 has not taken part, " << id.name();
  rounds.run(2, {1, 3});
  const auto after = personal(rounds);
  rounds.next();
  for (const auto& [id, factors] : kept(0, 3).modules)
    EXPECT_TRUE(at::equal(scale * factors.b, of(before.at(0), id).b)) << "client 0 rested, " << id.name();
  for (const auto& [id, factors] : kept(1, 3).modules) {
    EXPECT_TRUE(at::equal(scale * factors.b, of(after.at(1), id).b)) << "client 1 went on, " << id.name();
    EXPECT_FALSE(at::equal(scale * factors.b, of(before.at(1), id).b)) << "client 1 learnt nothing, " << id.name();
  }
}

TEST(FedSa, OnAnotherVariantBBeginsAtZero) {
  const TinyWorld world;
  Rounds rounds{world, sharing_a({"fleet.memory_scale=1"})};
  rounds.run(1, {0, 1});
  rounds.next();
  auto plan = *rounds.assembly.plan(0);
  const auto b_of = [&](const llm::Adapter& adapter) {
    double largest = 0;
    for (const auto& [id, factors] : adapter.modules)
      largest = std::max(largest, factors.b.abs().max().item<double>());
    return largest;
  };
  EXPECT_GT(b_of(rounds.learner.begins(plan, 2, rounds.version)), 0);
  plan.variant = 1 - plan.variant;
  EXPECT_EQ(b_of(rounds.learner.begins(plan, 2, rounds.version)), 0);
}

TEST(FedSa, ADomainsRowIsOfItsClientsOwnAdapters) {
  const TinyWorld world;
  Rounds rounds{world, whole_with(sharing_a({"data.partitioner=by-domain"}))};
  rounds.run(1);
  for (const auto& [client, change] : personal(rounds))
    for (const auto& [id, module] : change)
      EXPECT_GT(std::get<llm::LowRank>(module).b.abs().max().item<double>(), 0) << client << ", " << id.name();
}

TEST(FedSa, AloneAClientTrainsAsIfItSentEverything) {
  const TinyWorld world;
  Rounds alone{world, whole_with(sharing_a())};
  auto both = sharing_a();
  both.emplace_back("adapter.shares=both");  // the later one counts
  Rounds fedit{world, whole_with(both)};
  for (std::int64_t round = 1; round <= 3; ++round) {
    alone.run(round, {1});
    fedit.run(round, {1});
    const auto domain = alone.assembly.task.shard(1).domain;
    const auto own = alone.learner.contributions_of(domain).front().delta;
    for (const auto& [id, module] : fedit.learner.contributions().front().delta) {
      EXPECT_LT((of(own, id).a - std::get<llm::LowRank>(module).a).abs().max().item<double>(), 1e-5) << id.name();
      EXPECT_LT((of(own, id).b - std::get<llm::LowRank>(module).b).abs().max().item<double>(), 1e-5) << id.name();
    }
    alone.next();
    fedit.next();
  }
}

TEST(FedSa, AAloneIsOnTheWireEachWay) {
  const TinyWorld world;
  const auto assembly = assemble(scenario_of(world, whole_with(sharing_a())), {});
  const auto merged = assemble(scenario_of(world, whole_with({})), {});
  double numbers = 0;  // r·n of every adapted matrix of the whole base
  const auto& config = assembly.base.config;
  const auto shape = llm::full_shape(config);
  for (const auto& layer : shape.layers)
    for (const auto projection : lora_spec(assembly.scenario.adapter).targets)
      numbers += static_cast<double>(2 * llm::projection_shape(config, layer, projection).in);
  EXPECT_EQ(assembly.plan(0)->upload.value, 4 * numbers);
  EXPECT_EQ(assembly.plan(0)->download.value - merged.plan(0)->download.value, 4 * numbers);
}

TEST(FedSa, AServersStepIsOfAAlone) {
  const TinyWorld world;
  Rounds rounds{world,
                whole_with(sharing_a({"fusion.optimiser.method=fedavgm", "fusion.optimiser.settings.rate=0.5"}))};
  Rounds plain{world, whole_with(sharing_a())};
  rounds.run(1);
  plain.run(1);
  const auto stepped = rounds.learner.fuse(rounds.arm()).change;
  const auto mean = plain.learner.fuse(plain.arm()).change;
  const auto first = llm::make_adapter(plain.learner.base(), lora_spec(plain.assembly.scenario.adapter), 7, 0);
  for (const auto& [id, factors] : first.modules) {
    const at::Tensor half = 0.5 * (factors.a + of(mean, id).a);
    EXPECT_LT((of(stepped, id).a - half).abs().max().item<double>(), 1e-6) << id.name();
    EXPECT_EQ(of(stepped, id).b.abs().max().item<double>(), 0) << id.name();
  }
}

TEST(FedSa, WhatDoesNotGoTogetherIsRefused) {
  const TinyWorld world;
  const auto refused = [&](const std::string& more, const std::string& key) {
    auto all = sharing_a();
    all.push_back(more);
    const auto text = complaint(world, all);
    EXPECT_NE(text.find(key), std::string::npos) << more << ": " << text;
  };
  refused("recovery.between_rounds=merge", "adapter.shares");
  refused("recovery.between_rounds=carry-exact", "recovery.between_rounds");
  refused("adapter.trains=b", "adapter.trains");
  refused("adapter.trains=alternate", "adapter.trains");
  refused("fusion.arm[0].rule=stack", "fusion.arm[0].rule");
  refused("fusion.arm[1].rule=hetlora", "fusion.arm[1].rule");
  refused("fusion.arm[1].conflict=cr-proj", "fusion.arm[1].conflict");
  refused("recovery.method=correction", "recovery.method");
  refused("recovery.retraining.steps=1", "recovery.retraining.steps");
  refused("output.conflict=true", "output.conflict");
}

TEST(FedSa, TheFusedModelIsTheBaseAndPersonalAdaptersAreNot) {
  const TinyWorld world;
  const auto result = recorded(world, sharing_a({"data.partitioner=by-domain"})).result;
  std::map<std::string, double> last;  // loss over all domains by model
  for (const auto& row : result.evaluation)
    if (row.domain == "all") last[row.model] = row.value;
  ASSERT_TRUE(last.contains("base") && last.contains("fused") && last.contains("adapter:north"));
  EXPECT_EQ(last.at("fused"), last.at("base"));
  EXPECT_NE(last.at("adapter:north"), last.at("base"));
  EXPECT_NE(last.at("adapter:north"), last.at("adapter:south"));
}

}  // namespace
}  // namespace edgefuse::app
