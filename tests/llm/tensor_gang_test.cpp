#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "llm/device.hpp"
#include "llm/engine/tensor_gang.hpp"
#include "llm/engine/tensor_scoring.hpp"
#include "llm/scoring.hpp"
#include "llm/training.hpp"
#include "sim/error.hpp"
#include "tests/llm/engine_fixtures.hpp"

// The gang in ATen's operations against the gang in our own, on a CPU: what it says there it says on any device.

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::Gradients;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

/// A gang whose members have little in common.
struct Members {
  std::vector<Adapter> adapters;
  std::vector<Batch> batches;
};

Members unlike_members(const Model& model) {
  Members members;
  members.adapters = {random_adapter(model, all_targets, 0, 3), random_adapter(model, {Projection::v}, 1, 5),
                      random_adapter(model, {Projection::q, Projection::down}, 2, 2)};
  members.batches = {random_batch(model.config, {17, 4, 9}, 0.6, 1), random_batch(model.config, {6}, 0.1, 2),
                     random_batch(model.config, {3, 21}, 0.3, 3)};
  return members;
}

template <class Gang>
std::vector<Gradients> gradients(const Model& model, const Members& members, const engine::GangOptions& options) {
  return testing::gang_gradients<Gang>(model, members.adapters, members.batches, options);
}

template <class T>
void expect_same(const Model& model, const engine::GangOptions& options, double tolerance) {
  const Members members = unlike_members(model);
  const auto ours = gradients<engine::Gang<T>>(model, members, options);
  const auto tensors = gradients<engine::TensorGang<T>>(model, members, options);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(tensors[i].loss, ours[i].loss, tolerance * ours[i].loss) << "member " << i;
    EXPECT_LT(relative_difference(tensors[i].by_module, ours[i].by_module), tolerance) << "member " << i;
  }
}

TEST(TensorGang, HasTheGradientsOfTheGangInDoublePrecision) {
  const Model model = uneven_variant(random_model(rich_config(), 21, at::kDouble));
  expect_same<double>(model, {.longest = 32}, 1e-12);
}

TEST(TensorGang, DrawsTheMasksThatTheGangDraws) {
  const Model model = random_model(rich_config(), 3, at::kDouble);
  expect_same<double>(model, {.longest = 32, .dropout = 0.3}, 1e-12);
}

TEST(TensorGang, AgreesInSinglePrecisionAndWithAQuantisedBase) {
  const Model base = random_model(rich_config(), 4, at::kFloat);
  expect_same<float>(base, {.longest = 32}, 2e-5);
  for (const auto quantisation : {Quantisation::int8, Quantisation::nf4})
    expect_same<float>(uneven_variant(hold(base, Precision::fp32, quantisation)), {.longest = 32}, 2e-5);
}

TEST(TensorGang, InBf16StaysNearTheGangInBf16) {
  const Model base = random_model(rich_config(), 5, at::kFloat);
  const engine::GangOptions options{.precision = Precision::bf16, .longest = 32};
  expect_same<float>(hold(base, Precision::bf16), options, 0.05);
  expect_same<float>(hold(base, Precision::bf16, Quantisation::nf4), options, 0.05);
}

TEST(TensorGang, WithAMemberThatIsNotFiniteLeavesTheOthersAlone) {
  const Model model = random_model(rich_config(), 6, at::kDouble);
  Members members = unlike_members(model);
  const auto well = gradients<engine::TensorGang<double>>(model, members, {.longest = 32});
  members.adapters[1].modules.begin()->second.b.fill_(std::numeric_limits<double>::quiet_NaN());
  const auto ill = gradients<engine::TensorGang<double>>(model, members, {.longest = 32});
  EXPECT_TRUE(std::isnan(ill[1].loss));
  for (const std::size_t other : {0U, 2U}) {
    EXPECT_EQ(ill[other].loss, well[other].loss) << "member " << other;
    EXPECT_EQ(relative_difference(ill[other].by_module, well[other].by_module), 0) << "member " << other;
  }
}

TEST(TensorScoring, IsThatOfTheEngine) {
  const Model model = uneven_variant(random_model(rich_config(), 12, at::kDouble));
  const Adapter adapter = random_adapter(model, all_targets);
  const Batch texts = random_batch(model.config, {9, 17, 4}, 0.5, 6);
  const std::vector<std::vector<std::int64_t>> prompts = {texts[0].ids, texts[1].ids, texts[2].ids};
  const std::vector<std::int64_t> candidates = {5, 0, 8};
  const at::NoGradGuard frozen;
  for (const Adapter* worn : {&adapter, static_cast<const Adapter*>(nullptr)}) {
    const auto logits = engine::next_logits_on_device<double>(model, worn, prompts, candidates, 32);
    EXPECT_LT((logits - next_token_logits(model, worn, prompts, candidates)).abs().max().item<double>(), 1e-6);
    const auto losses = engine::losses_on_device<double>(model, worn, texts, 32);
    const auto expected = sequence_losses(model, worn, texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_NEAR(losses[i].nll, expected[i].nll, 1e-10) << "text " << i;
      EXPECT_EQ(losses[i].labels, expected[i].labels) << "text " << i;
    }
  }
}

TEST(DequantisedTensor, IsWhatTheKernelWrites) {
  const Model model = random_model(rich_config(), 8, at::kFloat);
  for (const auto quantisation : {Quantisation::int8, Quantisation::nf4}) {
    const HeldWeight held = quantised(model.layers[0].gate.weight, quantisation);
    const at::Tensor written = at::empty({held.rows(), held.cols}, at::kFloat);
    dequantise(held, MatrixView<float>{written.data_ptr<float>(), held.rows(), held.cols, held.cols});
    EXPECT_LT((dequantised(held) - written).abs().max().item<double>(), 1e-7);
  }
}

TEST(Cuda, TrainsWhatTheCpuTrains) {
  if (!at::hasCUDA()) GTEST_SKIP() << "a graphics card is not here: LibTorch can use " << devices_here();
  const Model base = random_model(rich_config(), 9, at::kFloat);
  const Members members = unlike_members(base);
  std::vector<TrainingJob> jobs;
  for (std::size_t i = 0; i < members.adapters.size(); ++i)
    jobs.push_back({members.adapters[i], {members.batches[i], members.batches[i]}});
  for (const auto quantisation : {Quantisation::none, Quantisation::nf4}) {
    const Model held = hold(base, Precision::fp32, quantisation);
    const auto here = train_gang(held, jobs, {.learning_rate = 1e-3});
    const auto there = train_gang(on_device(held, at::kCUDA), jobs, {.learning_rate = 1e-3});
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      EXPECT_NEAR(there[i].losses.back(), here[i].losses.back(), 1e-3 * here[i].losses.back()) << "member " << i;
      EXPECT_LT(relative_difference(there[i].adapter, here[i].adapter), 1e-2) << "member " << i;
    }
  }
}

TEST(Devices, AreNamedAsTorchNamesThem) {
  EXPECT_TRUE(parse_device("cpu").is_cpu());
  for (const auto* wrong : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:9999", "CUDA"})
    EXPECT_THROW(static_cast<void>(parse_device(wrong)), InputError) << "'" << wrong << "'";
  if (!at::hasCUDA()) {
    try {
      static_cast<void>(parse_device("cuda"));
      FAIL() << "there is no card";
    } catch (const InputError& error) {
      EXPECT_STREQ(error.what(), "--device: 'cuda' is not here (this LibTorch can use cpu only)");
    }
  }
}

}  // namespace
}  // namespace edgefuse::llm
