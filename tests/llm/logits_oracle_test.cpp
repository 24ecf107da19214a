#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/model.hpp"
#include "llm/reference.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;
using Ids = std::vector<std::int64_t>;

// The oracle prints nine significant digits of numbers up to about 20.
constexpr double printed = 1e-6;

json oracle(const std::string& name) {
  std::ifstream stream{edgefuse::testing::assets() / "oracles" / name};
  return json::parse(stream);
}

std::filesystem::path model_folder(const std::string& name) {
  return edgefuse::testing::assets() / "data" / "models" / name;
}

at::Tensor row(const Ids& ids) {
  return at::tensor(ids).unsqueeze(0);
}

/// [sequence, vocabulary], float64.
at::Tensor logits_of(const Model& model, const Ids& ids, const Adapter* adapter = nullptr) {
  const at::NoGradGuard no_grad;
  return reference_logits(model, adapter, row(ids))[0].to(at::kDouble);
}

/// transformers computed in float32. Weights in float64 leave only its own rounding, which it gives; in float32 ours
/// comes on top of it.
struct Arithmetic {
  at::ScalarType dtype;
  double roundings;
};

class Logits : public ::testing::TestWithParam<std::string> {};

void expect_prompt(const Model& model, const json& prompt, double roundings) {
  const double tolerance = roundings * prompt.at("max_abs_diff_fp64").get<double>() + printed;
  const at::Tensor last = logits_of(model, prompt.at("ids").get<Ids>())[-1];

  const auto top_ids = prompt.at("top_ids").get<Ids>();
  const auto top_logits = prompt.at("top_logits").get<std::vector<double>>();
  const auto [values, ids] = last.topk(static_cast<std::int64_t>(top_ids.size()));
  for (std::size_t i = 0; i < top_ids.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    EXPECT_NEAR(values[at].item<double>(), top_logits[i], tolerance) << "logit of rank " << i;
    EXPECT_NEAR(last[top_ids[i]].item<double>(), top_logits[i], tolerance) << "logit of token " << top_ids[i];
  }
  EXPECT_NEAR(last.logsumexp(0).item<double>(), prompt.at("logsumexp").get<double>(), tolerance);
  const auto vocabulary = static_cast<double>(last.numel());
  EXPECT_NEAR(last.sum().item<double>(), prompt.at("logits_sum").get<double>(), vocabulary * tolerance);
}

/// Continuing the prompt with the oracle's own choices, each of them must be the best: by induction that is greedy
/// decoding, in one pass.
void expect_greedy(const Model& model, const json& prompt) {
  Ids ids = prompt.at("ids").get<Ids>();
  const auto greedy = prompt.at("greedy_ids").get<Ids>();
  const auto first = static_cast<std::int64_t>(ids.size()) - 1;
  ids.insert(ids.end(), greedy.begin(), greedy.end() - 1);
  const at::Tensor best = logits_of(model, ids).narrow(0, first, static_cast<std::int64_t>(greedy.size())).argmax(-1);
  EXPECT_TRUE(at::equal(best, at::tensor(greedy))) << "got " << best << "\nwanted " << prompt.at("greedy_ids");
}

void expect_nll(const Model& model, const json& expected, double roundings) {
  const double tolerance = roundings * expected.at("max_abs_diff_fp64").get<double>() + printed;
  const auto ids = expected.at("ids").get<Ids>();
  const at::Tensor log_p = at::log_softmax(logits_of(model, ids), -1);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    const double nll = -log_p[static_cast<std::int64_t>(i)][ids[i + 1]].item<double>();
    EXPECT_NEAR(nll, expected.at("nll").at(i).get<double>(), tolerance) << "position " << i;
    sum += nll;
  }
  EXPECT_NEAR(sum / static_cast<double>(ids.size() - 1), expected.at("mean").get<double>(), tolerance);
}

TEST_P(Logits, AreThoseOfTransformers) {
  const std::string file = "logits-" + GetParam() + ".json";
  EDGEFUSE_NEEDS_ASSET("oracles/" + file);
  EDGEFUSE_NEEDS_ASSET("data/models/" + GetParam());
  const json expected = oracle(file);
  for (const auto& [dtype, roundings] : {Arithmetic{at::kDouble, 1.0}, Arithmetic{at::kFloat, 3.0}}) {
    const Model model = load_model(model_folder(GetParam()), dtype);
    ASSERT_EQ(expected.at("prompts").size(), 4);
    for (std::size_t i = 0; i < 4; ++i) {
      SCOPED_TRACE(std::string{c10::toString(dtype)} + ", prompt " + std::to_string(i));
      expect_prompt(model, expected.at("prompts")[i], roundings);
      expect_greedy(model, expected.at("prompts")[i]);
    }
    expect_nll(model, expected.at("nll"), roundings);
  }
}

INSTANTIATE_TEST_SUITE_P(OfRealModels, Logits,
                         ::testing::Values("stories15m", "stories260k", "minimind2-small", "tiny-gqa"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class AdaptedLogits : public ::testing::TestWithParam<std::string> {};

TEST_P(AdaptedLogits, AreThoseOfPeftWithTheAdapterItTrained) {
  const std::string stem = "oracles/lora-train-" + GetParam();
  EDGEFUSE_NEEDS_ASSET(stem + ".json");
  EDGEFUSE_NEEDS_ASSET(stem + "-final");
  EDGEFUSE_NEEDS_ASSET("data/models/" + GetParam());
  const json after = oracle("lora-train-" + GetParam() + ".json").at("after");
  const Model model = load_model(model_folder(GetParam()));
  const auto folder = edgefuse::testing::assets() / (stem + "-final");
  const Adapter adapter = load_adapter(folder);
  check_adapter_fits(adapter, model, folder);
  EXPECT_EQ(adapter.spec.rank, 4);
  EXPECT_EQ(adapter.spec.alpha, 8);
  EXPECT_EQ(adapter.spec.targets.size(), all_projections.size());

  const auto ids = after.at("ids").get<Ids>();
  const at::Tensor beside = logits_of(model, ids, &adapter)[-1];
  const at::Tensor merged = logits_of(llm::apply(model, to_delta(adapter)), ids)[-1];
  const double rounding = after.at("max_abs_diff_fp64").get<double>() + after.at("max_abs_diff_merged").get<double>();
  for (std::size_t i = 0; i < 10; ++i) {
    const auto token = after.at("top_ids")[i].get<std::int64_t>();
    const auto logit = after.at("top_logits")[i].get<double>();
    EXPECT_NEAR(beside[token].item<double>(), logit, 3 * rounding + printed) << "token " << token;
    EXPECT_NEAR(merged[token].item<double>(), logit, 3 * rounding + printed) << "token " << token;
  }
  EXPECT_EQ(beside.argmax().item<std::int64_t>(), after.at("top_ids")[0].get<std::int64_t>());
}

INSTANTIATE_TEST_SUITE_P(OfTrainedAdapters, AdaptedLogits, ::testing::Values("stories260k", "tiny-gqa"),
                         [](const auto& each) { return each.param == "tiny-gqa" ? "tiny_gqa" : each.param; });

}  // namespace
}  // namespace edgefuse::llm
