#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "app/run/base_version.hpp"
#include "app/run/carried.hpp"
#include "app/run/engine_options.hpp"
#include "app/run/exchange.hpp"
#include "llm/delta.hpp"
#include "tests/app/rounds_by_hand.hpp"
#include "tests/app/tiny_world.hpp"

// FLASC (2406.05233): sparse factors down, dense training, a sparse change up, and the server's step from its factors.

namespace edgefuse::app {
namespace {

using testing::complaint;
using testing::Rounds;
using testing::scenario_of;
using testing::TinyWorld;

using Overrides = std::vector<std::string>;

Overrides joined(Overrides all, const Overrides& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Overrides carried = {"recovery.between_rounds=carry", "adapter.start=shared",        "fusion.arm[0].rule=fedit",
                           "fusion.arm[1].rule=fedit",      "fusion.arm[1].conflict=none", "protocol.rounds=4"};
const Overrides whole = {"fleet.memory_scale=1", "pruning.ratios=[0]"};

Overrides down(const std::string& density) {
  return {"compression.down.method=top-k", "compression.down.settings.density=" + density};
}
Overrides up(const std::string& density) {
  return {"compression.method=top-k", "compression.settings.density=" + density};
}

/// All numbers of a low-rank change, A before B.
std::vector<double> numbers(const llm::ModelDelta& change) {
  std::vector<double> all;
  for (const auto& [id, module] : change) {
    const auto& low = std::get<llm::LowRank>(module);
    for (const auto& factor : {low.a, low.b}) {
      const auto row = factor.contiguous().to(at::kDouble).reshape({-1});
      for (std::int64_t i = 0; i < row.numel(); ++i)
        all.push_back(row[i].item<double>());
    }
  }
  return all;
}

TEST(Flasc, WithEverythingSentIsTheRunWithoutItBitForBit) {
  const TinyWorld world;
  for (const auto& start : {"adapter.start=shared", "adapter.start=own"}) {
    Rounds plain{world, joined(carried, {start})};
    Rounds full{world, joined(joined(carried, {start}), joined(down("1"), up("1")))};
    for (std::int64_t round = 1; round <= 3; ++round) {
      plain.run(round);
      full.run(round);
      ASSERT_EQ(plain.learner.contributions().size(), 3U);
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(at::equal(plain.a_of(i), full.a_of(i))) << start << ", round " << round << ", client " << i;
        EXPECT_TRUE(at::equal(plain.b_of(i), full.b_of(i))) << start << ", round " << round << ", client " << i;
      }
      plain.next();
      full.next();
    }
  }
}

/// The base of a world, and where its clients begin.
struct Begin {
  Assembly assembly;
  BaseVersion model;
  Exchange exchange;

  Begin(const TinyWorld& world, const Overrides& overrides)
      : assembly{assemble(scenario_of(world, overrides), {})},
        model{prepare_base(assembly.scenario, assembly.methods, assembly.base), Holding{}},
        exchange{assembly.scenario, assembly.methods.compressor.get(), assembly.methods.down_compressor.get()} {}

  /// Factors that no training made: A as it is shared, B a pattern of many sizes.
  [[nodiscard]] std::optional<llm::ModelDelta> factors() {
    auto made = exchange.first(model.base(), {});
    for (auto& [id, module] : *made) {
      auto& b = std::get<llm::LowRank>(module).b;
      b = at::arange(b.numel(), at::kFloat).mul(1.7).sin().reshape(b.sizes()).contiguous();
    }
    return made;
  }
};

TEST(Flasc, AClientBeginsWithTheLargestOfWhatItsVariantHasOfTheServersFactors) {
  const TinyWorld world;
  Begin begin{world, joined(carried, down("0.25"))};
  const auto factors = begin.factors();
  for (const std::size_t variant : {0U, 1U}) {
    const Start who{.client = 1, .stream = 3, .rank = 2, .variant = variant, .version = 5};
    const auto sparse = begin.exchange.beginning(begin.model, factors, who).adapter;
    const auto dense = Exchange{begin.assembly.scenario, nullptr, nullptr}.beginning(begin.model, factors, who).adapter;
    std::vector<float> sent;
    std::vector<float> all;
    for (const auto& [id, held] : dense.modules)
      for (const auto& [from, to] : {std::pair{held.a, sparse.modules.at(id).a}, {held.b, sparse.modules.at(id).b}})
        for (std::int64_t i = 0; i < from.numel(); ++i) {
          all.push_back(from.reshape({-1})[i].item<float>());
          sent.push_back(to.reshape({-1})[i].item<float>());
        }
    auto magnitudes = all;
    for (auto& x : magnitudes)
      x = std::abs(x);
    std::ranges::sort(magnitudes, std::greater{});
    const auto kept = static_cast<std::size_t>(std::floor(0.25 * static_cast<double>(all.size())));
    EXPECT_EQ(std::ranges::count_if(sent, [](float x) { return x != 0; }), static_cast<std::ptrdiff_t>(kept));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const float smallest = magnitudes[kept - 1];
      if (std::abs(all[i]) != smallest) {
        EXPECT_EQ(sent[i], std::abs(all[i]) > smallest ? all[i] : 0)
            << "variant " << variant << ", number " << i << ", the smallest that is sent is " << smallest;
      }
    }
  }
}

TEST(Flasc, TheServerKeepsWhatItDidNotSend) {
  const TinyWorld world;
  Rounds rounds{world, joined(joined(carried, whole), joined(down("0.2"), {"training.learning_rate=1e-12"}))};
  Begin begin{world, joined(carried, whole)};
  const auto first = numbers(*begin.exchange.first(begin.model.base(), {}));
  for (std::int64_t round = 1; round <= 3; ++round) {
    rounds.run(round);
    const auto fused = numbers(rounds.learner.fuse(rounds.arm()).change);
    ASSERT_EQ(fused.size(), first.size());
    for (std::size_t i = 0; i < fused.size(); ++i)
      ASSERT_NEAR(fused[i], first[i], 1e-7) << "round " << round << ", number " << i;
    rounds.next();
  }
}

/// Adam of 2003.00295 on numbers.
struct Adam {
  std::vector<double> m;
  std::vector<double> v;
  static constexpr double rate = 0.05;
  static constexpr double beta1 = 0.8;
  static constexpr double beta2 = 0.9;
  static constexpr double tau = 0.01;

  explicit Adam(std::size_t count) : m(count, 0.0), v(count, tau * tau) {}

  double step(std::size_t i, double gradient) {
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    return rate * m[i] / (std::sqrt(v[i]) + tau);
  }
};

const Overrides adam = {"fusion.optimiser.method=fedadam", "fusion.optimiser.settings.rate=0.05",
                        "fusion.optimiser.settings.beta1=0.8", "fusion.optimiser.settings.beta2=0.9",
                        "fusion.optimiser.settings.tau=0.01"};

/// 1 for each number of a whole model's factors that its client covers, in the order of numbers().
std::vector<double> covered_numbers(const server::Contribution& contribution) {
  llm::ModelDelta marks;
  for (const auto& [id, module] : contribution.delta) {
    const auto& low = std::get<llm::LowRank>(module);
    const auto coverage = server::covered(contribution.coverage, id);
    const auto rows = coverage.rows.indicator(low.b.size(0));
    const auto columns = coverage.columns.indicator(low.a.size(1));
    auto a = at::zeros(low.a.sizes(), at::kDouble);
    auto b = at::zeros(low.b.sizes(), at::kDouble);
    for (std::int64_t r = 0; r < low.a.size(0); ++r) {
      for (std::int64_t c = 0; c < low.a.size(1); ++c)
        a[r][c] = columns[static_cast<std::size_t>(c)];
      for (std::int64_t o = 0; o < low.b.size(0); ++o)
        b[o][r] = rows[static_cast<std::size_t>(o)];
    }
    marks[id] = llm::LowRank{.a = a, .b = b};
  }
  return numbers(marks);
}

/// 1 for numbers of A, LoRA's scale for those of B, which it lies in.
std::vector<double> scales(const llm::ModelDelta& change, double scale) {
  llm::ModelDelta marks;
  for (const auto& [id, module] : change) {
    const auto& low = std::get<llm::LowRank>(module);
    marks[id] = llm::LowRank{.a = at::ones_like(low.a), .b = scale * at::ones_like(low.b)};
  }
  return numbers(marks);
}

/// Three rounds of Adam on factors, number by number in float64: what each client changed of what it covers, weighed.
void expect_adam_on_factors(const TinyWorld& world, const Overrides& overrides, bool all_covered) {
  Rounds rounds{world, overrides};
  Begin begin{world, overrides};
  const auto first = *begin.exchange.first(begin.model.base(), {});
  auto held = numbers(first);
  const auto scale = scales(first, lora_spec(rounds.assembly.scenario.adapter).scale());
  Adam by_hand{held.size()};
  for (std::int64_t round = 1; round <= 3; ++round) {
    rounds.run(round, {0, 1, 2, 3, 4, 5});
    std::vector<double> gradient(held.size(), 0.0);
    double total = 0;
    bool lacking = false;
    for (const auto& contribution : rounds.learner.contributions())
      total += contribution.weight;
    for (const auto& contribution : rounds.learner.contributions()) {
      const auto came = numbers(contribution.delta);
      const auto covered = covered_numbers(contribution);
      for (std::size_t i = 0; i < held.size(); ++i) {
        gradient[i] += contribution.weight / total * covered[i] * (came[i] - held[i]) / scale[i];
        lacking = lacking || covered[i] == 0;
      }
    }
    EXPECT_EQ(lacking, !all_covered);
    const auto fused = numbers(rounds.learner.fuse(rounds.arm()).change);
    for (std::size_t i = 0; i < held.size(); ++i) {
      held[i] += scale[i] * by_hand.step(i, gradient[i]);
      ASSERT_NEAR(fused[i], held[i], 2e-5) << "round " << round << ", number " << i;
    }
    held = fused;  // as float32 has it
    rounds.next();
  }
}

TEST(Flasc, TheServersStepIsAdamsOnTheFactors) {
  const TinyWorld world;
  expect_adam_on_factors(world, joined(joined(carried, whole), adam), true);
}

TEST(Flasc, WhatAVariantLacksIsNoChangeOfTheFactors) {
  const TinyWorld world;
  auto overrides = joined(joined(carried, adam), joined(down("0.3"), up("0.3")));
  const auto assembly = assemble(scenario_of(world, overrides), {});
  double half = 0;  // memory that is enough for the pruned variant
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client)
    half = std::max(half, assembly.prospects(client)[1].peak_memory.value);
  overrides.push_back("fleet.group[1].memory=\"" + std::to_string(std::llround(half)) + " B\"");
  expect_adam_on_factors(world, overrides, false);
}

TEST(Flasc, AStepOfRateOneWithoutMomentumIsThePlainMean) {
  const TinyWorld world;
  const auto all = joined(joined(carried, whole), joined(down("0.5"), up("0.5")));
  Rounds plain{world, all};
  Rounds stepped{world, joined(all, {"fusion.optimiser.method=fedavgm", "fusion.optimiser.settings.momentum=0"})};
  for (std::int64_t round = 1; round <= 2; ++round) {
    plain.run(round);
    stepped.run(round);
    const auto mean = numbers(plain.learner.fuse(plain.arm()).change);
    const auto step = numbers(stepped.learner.fuse(stepped.arm()).change);
    for (std::size_t i = 0; i < mean.size(); ++i)
      ASSERT_NEAR(step[i], mean[i], 1e-6) << "round " << round << ", number " << i;
    plain.next();
    stepped.next();
  }
}

TEST(Flasc, ASharedStartIsTheSameUnderEveryMask) {
  const TinyWorld world;
  for (const auto* between : {"recovery.between_rounds=merge", "recovery.between_rounds=carry"}) {
    Rounds rounds{world,
                  {"pruning.method=random", "pruning.masks=3", "pruning.ratios=[0.5]", "adapter.start=shared",
                   "adapter.trains=b", "fleet.memory_scale=1", between}};
    rounds.run(1);
    std::int64_t compared = 0;
    for (const auto& [id, module] : rounds.learner.contributions()[0].delta) {
      std::vector<at::Tensor> a;
      at::Tensor both = at::ones({std::get<llm::LowRank>(module).a.size(1)}, at::kDouble);
      for (const std::size_t client : {0U, 1U}) {
        const auto& contribution = rounds.learner.contributions()[client];
        a.push_back(std::get<llm::LowRank>(contribution.delta.at(id)).a);
        both = both * at::tensor(server::covered(contribution.coverage, id).columns.indicator(both.size(0)));
      }
      EXPECT_EQ(((a[0] - a[1]) * both).abs().max().item<double>(), 0) << between << ", " << id.name();
      if (both.sum().item<std::int64_t>() < both.size(0)) compared += both.sum().item<std::int64_t>();
    }
    EXPECT_GT(compared, 0) << "no pruned column was common";
  }
}

TEST(Flasc, BytesDownAreThoseOfTheEncoding) {
  const TinyWorld world;
  const auto download = [&](const Overrides& more) {
    return assemble(scenario_of(world, joined(whole, more)), {}).plan(0)->download.value;
  };
  const double base = download({});
  const double dense = download(carried) - base;
  const double up_dense = assemble(scenario_of(world, joined(whole, carried)), {}).plan(0)->upload.value;
  EXPECT_EQ(dense, up_dense) << "as many numbers go down as come up";
  EXPECT_EQ(download(joined(carried, down("0.25"))) - base, dense / 2) << "a quarter of them, each with its place";
  EXPECT_EQ(download(joined(carried, {"compression.down.method=fp16"})) - base, dense / 2);
}

TEST(Flasc, WhatDoesNotGoTogetherIsRefused) {
  const TinyWorld world;
  EXPECT_NE(complaint(world, down("0.5")).find("compression.down.method"), std::string::npos);
  EXPECT_NE(complaint(world, {"recovery.between_rounds=carry", "compression.down.method=top"}).find("top-k"),
            std::string::npos);
  const auto steps = joined(carried, adam);
  const auto refused = [&](const Overrides& more, const std::string& key) {
    const auto text = complaint(world, joined(steps, more));
    EXPECT_NE(text.find(key), std::string::npos) << text;
    EXPECT_NE(text.find("makes steps of the factors"), std::string::npos) << text;
  };
  refused({"recovery.between_rounds=carry-exact"}, "recovery.between_rounds");
  refused({"adapter.start=own"}, "adapter.start");
  refused({"adapter.trains=alternate"}, "adapter.trains");
  refused({"adapter.ranks=[2,4]", "adapter.rank=4"}, "adapter.ranks");
  refused({"recovery.method=masked"}, "recovery.method");
  refused({"recovery.retraining.steps=2"}, "recovery.retraining.steps");
  refused({"fusion.arm[1].rule=weighted-mean"}, "fusion.arm[1].rule");
  refused({"fusion.arm[0].conflict=cr-proj"}, "fusion.arm[0].conflict");
}

TEST(Flasc, RunsAsAWholeAndGivesTheSameDigestOnAnyNumberOfThreads) {
  const TinyWorld world;
  const auto digest = [&](const std::string& threads) {
    const auto file = (world.folder / "flasc.h5").string();
    std::vector<std::string> arguments = {"run", world.scenario.string(), "--out", file, "--threads", threads};
    for (const auto& one : joined(joined(carried, adam), joined(down("0.25"), up("0.25"))))
      arguments.insert(arguments.end(), {"--set", one});
    const auto outcome = testing::edgefuse(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return results::read_result(file).digest;
  };
  EXPECT_EQ(digest("1"), digest("3"));
}

}  // namespace
}  // namespace edgefuse::app
