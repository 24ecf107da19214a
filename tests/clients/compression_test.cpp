#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "clients/compression/transmission.hpp"
#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

sim::Draws draws_of(std::uint32_t client) {
  return sim::Draws{{.seed = 7, .domain = sim::Domain::test, .client = client}};
}

std::vector<float> normal_numbers(std::size_t count) {
  auto draws = draws_of(1);
  std::vector<float> numbers(count);
  for (auto& x : numbers)
    x = static_cast<float>(draws.normal());
  return numbers;
}

std::vector<float> transmitted(const std::string& method, std::vector<float> numbers, std::uint32_t client = 2,
                               const Parameters& parameters = {}) {
  auto draws = draws_of(client);
  compressors().make(method, parameters)->transmit(numbers, draws);
  return numbers;
}

TEST(Compression, NoneChangesNothing) {
  const auto numbers = normal_numbers(101);
  EXPECT_EQ(transmitted("none", numbers), numbers);
  EXPECT_EQ(compressors().make("none")->bits_each(), 32);
}

TEST(Compression, HalfPrecisionIsOffByHalfAUnitOfItsElevenBitsAtMost) {
  const auto numbers = normal_numbers(997);
  const auto arrived = transmitted("fp16", numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_LE(std::abs(arrived[i] - numbers[i]), std::abs(numbers[i]) * 0x1p-11F + 1e-7F) << numbers[i];
  EXPECT_EQ(transmitted("fp16", {1e6F, -1e6F}), (std::vector<float>{65504, -65504})) << "too large is not infinite";
}

TEST(Compression, WholeNumbersAreOffByLessThanALevelOfTheirBlock) {
  for (const auto& [method, levels] : {std::pair{"int8", 127.0F}, std::pair{"int4", 7.0F}}) {
    const auto numbers = normal_numbers(150);  // blocks of 64, 64 and 22
    const auto arrived = transmitted(method, numbers);
    for (std::size_t first = 0; first < numbers.size(); first += 64) {
      const auto last = std::min(first + 64, numbers.size());
      float scale = 0;
      for (auto i = first; i < last; ++i)
        scale = std::max(scale, std::abs(numbers[i]));
      for (auto i = first; i < last; ++i)
        EXPECT_LT(std::abs(arrived[i] - numbers[i]), scale / levels * 1.0001F) << method << ", number " << i;
    }
  }
}

TEST(Compression, RoundingAtRandomHasNoBias) {
  const std::vector<float> numbers = {1, 0.3F, -0.1F, 0.02F, 0};
  for (const auto* method : {"int8", "int4"}) {
    constexpr int trials = 20000;
    std::vector<double> sum(numbers.size(), 0.0);
    for (std::uint32_t trial = 0; trial < trials; ++trial) {
      const auto arrived = transmitted(method, numbers, trial);
      for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += arrived[i];
    }
    // A level of int4 is 1/7; five standard errors of a coin between two levels.
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_NEAR(sum[i] / trials, numbers[i], 5 * 0.5 / 7 / std::sqrt(trials)) << method << ", number " << i;
  }
}

TEST(Compression, TopKSendsTheLargestAndCountsTheirPlaces) {
  EXPECT_EQ(transmitted("top-k", {0.1F, -3, 2, 0.5F, -0.2F}, 2, {{"density", 0.4}}),
            (std::vector<float>{0, -3, 2, 0, 0}));
  EXPECT_DOUBLE_EQ(compressors().make("top-k", {{"density", 0.4}})->bits_each(), 0.4 * 64);
}

TEST(Compression, ScalesAreOnTheWireToo) {
  EXPECT_DOUBLE_EQ(compressors().make("int8")->bits_each(), 8.5);
  EXPECT_DOUBLE_EQ(compressors().make("int4", {{"block", 16.0}})->bits_each(), 6);
}

// What arrives of an adapter.

llm::Adapter adapter_of(std::int64_t rank, std::uint32_t client) {
  auto draws = draws_of(client);
  llm::Adapter adapter{.spec = {.rank = rank, .targets = {llm::Projection::q}}, .modules = {}};
  auto& factors = adapter.modules[{.layer = 0, .projection = llm::Projection::q}];
  factors = {.a = at::empty({rank, 5}), .b = at::empty({7, rank})};
  for (auto* factor : {&factors.a, &factors.b})
    for (std::int64_t i = 0; i < factor->numel(); ++i)
      factor->data_ptr<float>()[i] = static_cast<float>(draws.normal());
  return adapter;
}

const llm::LoraFactors& only(const llm::Adapter& adapter) {
  return adapter.modules.begin()->second;
}

TEST(Transmission, WithoutCompressionTheUpdateArrives) {
  const auto method = compressors().make("none");
  Transmission transmission{*method, false, 1};
  const auto trained = adapter_of(3, 4);
  const auto arrived = transmission.received(trained, adapter_of(3, 5), llm::Factors::both, 0, 1);
  EXPECT_LT((only(arrived).a - only(trained).a).abs().max().item<double>(), 1e-6);
  EXPECT_LT((only(arrived).b - only(trained).b).abs().max().item<double>(), 1e-6);
}

TEST(Transmission, WhatIsNotSentStaysAsItWas) {
  const auto method = compressors().make("top-k", {{"density", 0.0}});
  Transmission transmission{*method, false, 1};
  const auto trained = adapter_of(3, 4);
  auto initial = adapter_of(3, 5);
  initial.modules.begin()->second.a = only(trained).a;  // frozen
  const auto arrived = transmission.received(trained, initial, llm::Factors::b, 0, 1);
  EXPECT_TRUE(at::equal(only(arrived).a, only(trained).a));
  EXPECT_TRUE(at::equal(only(arrived).b, only(initial).b)) << "nothing of B's change was sent";
}

TEST(Transmission, WithErrorFeedbackNothingIsLostForGood) {
  const auto method = compressors().make("top-k", {{"density", 0.2}});
  Transmission transmission{*method, true, 1};
  const auto start = adapter_of(3, 5);
  const auto goal = adapter_of(3, 4);  // the same change is asked for again and again
  auto sum = at::zeros({7, 3});
  constexpr std::uint32_t rounds = 200;
  for (std::uint32_t round = 1; round <= rounds; ++round)
    sum += only(transmission.received(goal, start, llm::Factors::both, 0, round)).b - only(start).b;
  const at::Tensor wanted = static_cast<double>(rounds) * (only(goal).b - only(start).b);
  // What is still underway is less than a dozen rounds' worth.
  const double step = (only(goal).b - only(start).b).abs().max().item<double>();
  EXPECT_LT((sum - wanted).abs().max().item<double>(), 12 * step);
}

TEST(Transmission, AnErrorIsNotFedToFactorsOfAnotherRankThatAreAsMany) {
  const auto method = compressors().make("top-k", {{"density", 0.2}});
  const auto of = [](std::int64_t rank, std::int64_t width, std::uint32_t stream) {
    auto adapter = adapter_of(rank, stream);
    auto& factors = adapter.modules.begin()->second;
    factors = {.a = factors.a.narrow(1, 0, width).contiguous(), .b = factors.b.narrow(0, 0, width).contiguous()};
    return adapter;
  };
  Transmission fed{*method, true, 1};
  Transmission fresh{*method, true, 1};
  (void)fed.received(of(4, 2, 4), of(4, 2, 5), llm::Factors::both, 0, 1);
  const auto after = fed.received(of(2, 4, 6), of(2, 4, 7), llm::Factors::both, 0, 2);
  const auto alone = fresh.received(of(2, 4, 6), of(2, 4, 7), llm::Factors::both, 0, 2);
  EXPECT_TRUE(at::equal(only(after).b, only(alone).b));
}

TEST(Transmission, AnErrorIsNotFedToOtherFactors) {
  const auto method = compressors().make("top-k", {{"density", 0.2}});
  Transmission fed{*method, true, 1};
  Transmission fresh{*method, true, 1};
  (void)fed.received(adapter_of(3, 4), adapter_of(3, 5), llm::Factors::both, 0, 1);
  const auto after = fed.received(adapter_of(2, 6), adapter_of(2, 7), llm::Factors::both, 0, 2);
  const auto alone = fresh.received(adapter_of(2, 6), adapter_of(2, 7), llm::Factors::both, 0, 2);
  EXPECT_TRUE(at::equal(only(after).b, only(alone).b));
}

TEST(Transmission, OnTheWayDownTheLargestFactorsArriveAndZeroForTheOthers) {
  const auto method = compressors().make("top-k", {{"density", 0.25}});
  const auto held = adapter_of(3, 4);  // 15 numbers of A and 21 of B
  const auto before_a = only(held).a.clone();
  const auto arrived = downloaded(held, llm::Factors::both, *method, 1, 7);
  EXPECT_TRUE(at::equal(only(held).a, before_a)) << "what the server holds is not written into";
  const auto numbers = [](const llm::Adapter& adapter) {
    return at::cat({only(adapter).a.reshape({-1}), only(adapter).b.reshape({-1})}).contiguous();
  };
  const auto all = numbers(held);
  const auto sent = numbers(arrived);
  for (std::int64_t i = 0; i < all.numel(); ++i) {
    const auto larger = all.abs().gt(all[i].abs()).sum().item<std::int64_t>();
    EXPECT_EQ(sent[i].item<float>(), larger < 9 ? all[i].item<float>() : 0) << "number " << i;
  }
}

TEST(Transmission, OneBroadcastArrivesAlikeAndAnotherIsRoundedAnew) {
  const auto method = compressors().make("int4");
  const auto once = downloaded(adapter_of(3, 4), llm::Factors::a, *method, 1, 7);
  const auto again = downloaded(adapter_of(3, 4), llm::Factors::a, *method, 1, 7);
  const auto other = downloaded(adapter_of(3, 4), llm::Factors::a, *method, 1, 8);
  EXPECT_TRUE(at::equal(only(once).a, only(again).a));
  EXPECT_FALSE(at::equal(only(once).a, only(other).a));
  EXPECT_TRUE(at::equal(only(once).b, only(adapter_of(3, 4)).b)) << "only A went through it";
}

}  // namespace
}  // namespace edgefuse::clients
