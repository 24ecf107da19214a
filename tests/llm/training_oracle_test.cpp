#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/engine/gang.hpp"
#include "llm/model.hpp"
#include "llm/safetensors.hpp"
#include "llm/scoring.hpp"
#include "llm/training.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

/// A trajectory of transformers + PEFT: eight steps of AdamW on the adapter of every projection.
struct Trajectory {
  std::string name;
  json numbers;
  Model model;
  TrainingJob job;
  TrainingOptions options;

  [[nodiscard]] std::filesystem::path file(const std::string& suffix) const {
    return edgefuse::testing::assets() / "oracles" / ("lora-train-" + name + suffix);
  }
};

Trajectory load(const std::string& name, at::ScalarType dtype) {
  Trajectory oracle;
  oracle.name = name;
  std::ifstream stream{oracle.file(".json")};
  oracle.numbers = json::parse(stream);
  oracle.model = load_model(edgefuse::testing::assets() / "data" / "models" / name, dtype);
  oracle.job.initial = load_adapter(oracle.file("-init"));
  for (auto& [id, factors] : oracle.job.initial.modules)
    factors = {factors.a.to(dtype), factors.b.to(dtype)};
  const auto ids = oracle.numbers.at("input_ids").get<std::vector<std::vector<std::vector<std::int64_t>>>>();
  const auto labels = oracle.numbers.at("labels").get<std::vector<std::vector<std::vector<std::int64_t>>>>();
  for (std::size_t step = 0; step < ids.size(); ++step) {
    Batch batch;
    for (std::size_t row = 0; row < ids[step].size(); ++row)
      batch.push_back({ids[step][row], labels[step][row]});
    oracle.job.steps.push_back(batch);
  }
  oracle.options = {.learning_rate = oracle.numbers.at("optimizer").at("lr").get<double>(),
                    .weight_decay = oracle.numbers.at("optimizer").at("weight_decay").get<double>()};
  return oracle;
}

/// The factors the oracle stores under a prefix, as float64.
Adapter stored_factors(const Trajectory& oracle, const std::string& prefix) {
  const SafetensorsFile file{oracle.file(".safetensors")};
  Adapter adapter{oracle.job.initial.spec, {}};
  for (const auto& [id, factors] : oracle.job.initial.modules) {
    const std::string name = prefix + ".base_model.model." + id.name();
    adapter.modules[id] = {file.read(name + ".lora_A.weight", at::kDouble),
                           file.read(name + ".lora_B.weight", at::kDouble)};
  }
  return adapter;
}

struct Difference {
  double largest = 0;
  double rms = 0;
};

Difference difference(const Adapter& a, const Adapter& b) {
  Difference result;
  double squares = 0;
  double count = 0;
  for (const auto& [id, expected] : b.modules) {
    for (const auto& d :
         {a.modules.at(id).a.to(at::kDouble) - expected.a, a.modules.at(id).b.to(at::kDouble) - expected.b}) {
      result.largest = std::max(result.largest, d.abs().max().item<double>());
      squares += d.square().sum().item<double>();
      count += static_cast<double>(d.numel());
    }
  }
  result.rms = std::sqrt(squares / count);
  return result;
}

void expect_close(const std::vector<double>& actual, const json& expected, double relative, const char* what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t step = 0; step < actual.size(); ++step) {
    const auto wanted = expected[step].get<double>();
    EXPECT_NEAR(actual[step], wanted, relative * wanted) << what << " of step " << step;
  }
}

class PeftTrajectory : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { EDGEFUSE_NEEDS_ASSET("oracles/lora-train-" + std::string{GetParam()} + ".json"); }
};

// transformers computes norms and the attention's softmax in float32 even in its float64 run, hence the seven digits;
// autograd checks the engine to ten (engine_gradients_test.cpp).
constexpr double inner_float32 = 1e-7;

TEST_P(PeftTrajectory, IsOursInDoublePrecision) {
  const Trajectory oracle = load(GetParam(), at::kDouble);
  const auto trained = train_gang(oracle.model, {&oracle.job, 1}, oracle.options).front();
  expect_close(trained.losses, oracle.numbers.at("losses_fp64"), inner_float32, "loss");
  expect_close(trained.grad_norms, oracle.numbers.at("grad_norms_total_fp64"), 5 * inner_float32, "gradient norm");
  const Difference final = difference(trained.adapter, stored_factors(oracle, "final64"));
  EXPECT_LT(final.largest, 5e-6) << "half a hundredth of one step";
  EXPECT_LT(final.rms, oracle.numbers.at("noise").at("rms_final").get<double>() / 2);
}

TEST_P(PeftTrajectory, IsOursUpToRoundingInSinglePrecision) {
  const Trajectory oracle = load(GetParam(), at::kFloat);
  const json& noise = oracle.numbers.at("noise");
  const auto trained = train_gang(oracle.model, {&oracle.job, 1}, oracle.options).front();
  expect_close(trained.losses, oracle.numbers.at("losses"), 1e-6, "loss");
  expect_close(trained.grad_norms, oracle.numbers.at("grad_norms_total"), 5e-6, "gradient norm");
  const Difference final = difference(trained.adapter, stored_factors(oracle, "final64"));
  EXPECT_LT(final.rms, 4 * noise.at("rms_final").get<double>()) << "four times what PEFT's own rounding does";
  EXPECT_LT(final.largest, 1e-4) << "a tenth of one step";
}

TEST_P(PeftTrajectory, HasOurGradientsAtItsFirstStep) {
  const Trajectory oracle = load(GetParam(), at::kDouble);
  const Adapter* adapter = &oracle.job.initial;
  engine::Gang<double> gang{oracle.model, {&adapter, 1}, {.longest = 48}};
  const Batch* batch = &oracle.job.steps.front();
  static_cast<void>(gang.losses_and_gradients({&batch, 1}));
  const Adapter ours = gang.factors().store_gradients(0, *adapter);
  const double noise = oracle.numbers.at("noise").at("max_abs_grad1").get<double>();
  EXPECT_LT(difference(ours, stored_factors(oracle, "grad1")).largest, 2 * noise)
      << "the oracle's gradients are float32, off by half of this from its own float64";
  for (const auto& [name, norms] : oracle.numbers.at("grad_norms_step1").items()) {
    const auto id = ModuleId::parse(name.substr(std::string{"base_model.model."}.size()));
    ASSERT_TRUE(id.has_value()) << name;
    EXPECT_NEAR(ours.modules.at(*id).a.norm().item<double>(), norms.at("lora_A").get<double>(), 1e-5) << name;
    EXPECT_NEAR(ours.modules.at(*id).b.norm().item<double>(), norms.at("lora_B").get<double>(), 1e-5) << name;
  }
}

TEST_P(PeftTrajectory, EndsWithAnAdapterThatPredictsTheSame) {
  const Trajectory oracle = load(GetParam(), at::kFloat);
  const json& after = oracle.numbers.at("after");
  const auto trained = train_gang(oracle.model, {&oracle.job, 1}, oracle.options).front();

  const auto losses = sequence_losses(oracle.model, &trained.adapter, oracle.job.steps.front());
  double nll = 0;
  double labels = 0;
  for (const SequenceLoss& loss : losses) {
    nll += loss.nll;
    labels += static_cast<double>(loss.labels);
  }
  EXPECT_NEAR(nll / labels, after.at("loss_batch0").get<double>(), 1e-5);

  const auto top_ids = after.at("top_ids").get<std::vector<std::int64_t>>();
  const auto top_logits = after.at("top_logits").get<std::vector<float>>();
  const std::vector<std::vector<std::int64_t>> text = {after.at("ids").get<std::vector<std::int64_t>>()};
  const at::Tensor logits = next_token_logits(oracle.model, &trained.adapter, text, top_ids)[0];
  EXPECT_LT((logits - at::tensor(top_logits)).abs().max().item<double>(),
            5 * after.at("max_abs_diff_fp64").get<double>());
}

INSTANTIATE_TEST_SUITE_P(Of, PeftTrajectory, ::testing::Values("stories260k", "tiny-gqa"), [](const auto& chosen) {
  return std::string{chosen.param} == "tiny-gqa" ? "tiny_gqa" : "stories260k";
});

}  // namespace
}  // namespace edgefuse::llm
