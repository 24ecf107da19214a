#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/model.hpp"
#include "llm/safetensors.hpp"
#include "sim/random.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using nlohmann::json;

/// `edgefuse fuse` of adapters of the embedded base.
class FuseCommand : public ::testing::Test {
 protected:
  std::string model = (edgefuse::testing::project_root() / "data/models/atlas-base").string();
  std::filesystem::path folder = edgefuse::testing::scratch_folder();
  std::string out = (folder / "fused").string();

  /// An adapter as if it had been trained: B is not zero.
  llm::Adapter adapter(const std::string& name, std::int64_t rank, std::vector<llm::Projection> targets,
                       std::uint32_t client) {
    const llm::LoraSpec spec{.rank = rank, .alpha = 6, .rslora = client % 2 == 1, .targets = std::move(targets)};
    auto made = llm::make_adapter(llm::load_model(model), spec, 5, client);
    sim::Draws draws{{.seed = 6, .domain = sim::Domain::test, .client = client}};
    for (auto& [id, factors] : made.modules)
      for (std::int64_t i = 0; i < factors.b.numel(); ++i)
        factors.b.data_ptr<float>()[i] = static_cast<float>(0.01 * draws.normal());
    llm::save_adapter(made, folder / name);
    return made;
  }

  [[nodiscard]] testing::Outcome fuse(std::vector<std::string> more, const std::vector<std::string>& names) const {
    std::vector<std::string> arguments = {"fuse", "--out", out, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (const auto& name : names)
      arguments.push_back((folder / name).string());
    return testing::edgefuse(arguments);
  }
  [[nodiscard]] json told(std::vector<std::string> more, const std::vector<std::string>& names) const {
    const auto outcome = fuse(std::move(more), names);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? json::parse(outcome.out) : json{};
  }
  void expect_refused(std::vector<std::string> more, const std::vector<std::string>& names,
                      const std::string& message) const {
    const auto outcome = fuse(std::move(more), names);
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out) && !std::filesystem::is_empty(out)) << "something was written";
  }
  void change_config(const std::string& name, const std::string& key, const json& value) const {
    const auto file = folder / name / "adapter_config.json";
    auto config = json::parse(std::ifstream{file});
    config[key] = value;
    std::ofstream{file} << config.dump();
  }
};

double distance(const at::Tensor& x, const at::Tensor& y) {
  return (x.to(at::kDouble) - y.to(at::kDouble)).abs().max().item<double>();
}

TEST_F(FuseCommand, MixedRanksScalesAndTargetsMakeTheirWeightedMean) {
  const auto one = llm::to_delta(adapter("one", 3, {llm::Projection::q, llm::Projection::down}, 0));
  const auto two = llm::to_delta(adapter("two", 2, {llm::Projection::q}, 1));
  const auto result = told({"--method", "weighted-mean", "--weights", "3,1"}, {"one", "two"});
  EXPECT_EQ(result["adapters"][1]["name"], "two");
  EXPECT_LT(result["aggregation_error"].get<double>(), 1e-6);
  EXPECT_EQ(result["truncation_loss"], 0);
  for (const auto& [id, change] : llm::to_delta(llm::load_adapter(out))) {
    auto wanted = 0.75 * llm::dense(one.at(id));
    if (two.count(id) != 0) wanted = wanted + 0.25 * llm::dense(two.at(id));
    EXPECT_LT(distance(llm::dense(change), wanted), 1e-7) << id.name();
  }
}

TEST_F(FuseCommand, ModulesOfOneAdapterMayHaveRanksAndScalesOfTheirOwn) {
  const auto one = llm::to_delta(adapter("one", 3, {llm::Projection::down}, 0));
  auto two = adapter("two", 2, {llm::Projection::q}, 2);
  two.spec.alpha = 5;  // as alpha_pattern says below
  auto wanted = one;
  wanted.merge(llm::to_delta(two));

  std::map<std::string, at::Tensor> tensors;
  for (const auto* name : {"one", "two"}) {
    const llm::SafetensorsFile file{folder / name / "adapter_model.safetensors"};
    for (const auto& [key, entry] : file.entries())
      tensors[key] = file.read(key);
  }
  llm::write_safetensors(folder / "one/adapter_model.safetensors", tensors);
  auto config = json::parse(std::ifstream{folder / "one/adapter_config.json"});
  config["target_modules"] = {"q_proj", "down_proj"};
  config["rank_pattern"] = {{"q_proj", 2}};
  config["alpha_pattern"] = {{".*self_attn.q_proj", 5}};
  std::ofstream{folder / "one/adapter_config.json"} << config;

  (void)told({"--method", "weighted-mean"}, {"one"});
  const auto fused = llm::to_delta(llm::load_adapter(out));
  EXPECT_EQ(fused.size(), wanted.size());
  for (const auto& [id, change] : fused)
    EXPECT_LT(distance(llm::dense(change), llm::dense(wanted.at(id))), 1e-7) << id.name();
}

TEST_F(FuseCommand, OneAdapterIsItself) {
  const auto one = llm::to_delta(adapter("one", 3, {llm::Projection::v, llm::Projection::up}, 0));
  (void)told({"--method", "flora"}, {"one"});
  for (const auto& [id, change] : llm::to_delta(llm::load_adapter(out)))
    EXPECT_LT(distance(llm::dense(change), llm::dense(one.at(id))), 1e-8) << id.name();
}

TEST_F(FuseCommand, CuttingToARankLosesTheTailOfTheSpectrumAndSaysSo) {
  adapter("one", 4, {llm::Projection::q}, 0);
  adapter("two", 4, {llm::Projection::q}, 1);
  (void)told({"--method", "mean", "--output", "dense"}, {"one", "two"});
  const llm::SafetensorsFile whole{std::filesystem::path{out} / "delta.safetensors"};
  const auto result = told({"--method", "mean", "--rank", "3"}, {"one", "two"});
  double lost = 0;
  double all = 0;
  for (const auto& [name, entry] : whole.entries()) {
    const auto s = std::get<1>(at::linalg_svd(whole.read(name, at::kDouble)));
    lost += s.slice(0, 3).square().sum().item<double>();
    all += s.square().sum().item<double>();
  }
  EXPECT_NEAR(result["truncation_loss"].get<double>(), std::sqrt(lost / all), 1e-6);
  EXPECT_NEAR(result["aggregation_error"].get<double>(), std::sqrt(lost / all), 1e-6);
  EXPECT_EQ(llm::load_adapter(out).spec.rank, 3);
}

TEST_F(FuseCommand, AMergedModelIsTheBasePlusTheChange) {
  const auto one = llm::to_delta(adapter("one", 3, {llm::Projection::o, llm::Projection::gate}, 0));
  (void)told({"--method", "sum", "--output", "merged", "--base", model}, {"one"});
  const auto base = llm::load_model(model);
  const auto wanted = llm::apply(base, one);
  const auto merged = llm::load_model(out);
  EXPECT_TRUE(at::equal(merged.embedding, base.embedding));
  for (std::size_t l = 0; l < base.layers.size(); ++l)
    for (const auto p : llm::all_projections)
      EXPECT_LT(distance(merged.layers[l].projection(p).weight, wanted.layers[l].projection(p).weight),
                wanted.layers[l].projection(p).weight.abs().max().item<double>() * 0x1p-8)
          << "layer " << l << ", " << llm::projection_name(p) << ": further off than rounding to the stored type";
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path{out} / "tokenizer.json"));
}

TEST_F(FuseCommand, AnAdapterOfAPrunedModelComesBackToTheBasesShapes) {
  const auto pruned = (folder / "pruned").string();
  ASSERT_EQ(
      testing::edgefuse({"prune", "--model", model, "--method", "magnitude", "--ratio", "0.5", "--out", pruned}).code,
      0);
  std::ofstream{folder / "data.jsonl"} << R"({"prompt": "a b", "answer": " c"})" << '\n';
  ASSERT_EQ(testing::edgefuse({"train", "--model", pruned, "--data", (folder / "data.jsonl").string(), "--targets",
                               "q,down", "--out", (folder / "small").string()})
                .code,
            0);
  adapter("whole", 3, {llm::Projection::q, llm::Projection::down}, 0);
  expect_refused({"--method", "mean"}, {"small", "whole"}, "pruned model");
  const auto result = told({"--method", "coverage-mean", "--base", model}, {"small", "whole"});
  const auto base = llm::load_model(model);
  for (const auto& [id, change] : llm::to_delta(llm::load_adapter(out)))
    EXPECT_EQ(llm::dense(change).sizes(),
              base.layers[static_cast<std::size_t>(id.layer)].projection(id.projection).weight.sizes());
  EXPECT_GT(result["aggregation_error"].get<double>(), 0.01) << "rows that one alone covers are not halved";
}

TEST_F(FuseCommand, RefusesWhatIsNoPlainLora) {
  adapter("one", 3, {llm::Projection::q}, 0);
  adapter("dora", 3, {llm::Projection::q}, 1);
  change_config("dora", "use_dora", true);
  expect_refused({"--method", "mean"}, {"one", "dora"}, "use_dora");
  adapter("biased", 3, {llm::Projection::q}, 1);
  change_config("biased", "bias", "all");
  expect_refused({"--method", "mean"}, {"one", "biased"}, "bias");
}

TEST_F(FuseCommand, RefusesANumberThatIsNotFiniteAndWritesNothing) {
  adapter("one", 3, {llm::Projection::q}, 0);
  auto sick = adapter("sick", 3, {llm::Projection::q}, 1);
  sick.modules.begin()->second.b[0][0] = std::numeric_limits<float>::quiet_NaN();
  llm::save_adapter(sick, folder / "sick");
  for (const auto* output : {"lora", "dense"})
    expect_refused({"--method", "mean", "--output", output}, {"one", "sick"}, "not finite");
}

TEST_F(FuseCommand, TellsEveryMistakeInTheOptions) {
  adapter("one", 3, {llm::Projection::q}, 0);
  adapter("two", 3, {llm::Projection::q}, 1);
  expect_refused({"--method", "tiez"}, {"one"}, "\"ties\"");
  expect_refused({"--method", "ties", "--set", "density=2"}, {"one"}, "density");
  expect_refused({"--method", "ties", "--conflict", "cr-sine"}, {"one"}, "cr-sign");
  expect_refused({"--method", "mean", "--weights", "1,2,3"}, {"one", "two"}, "3 for 2 adapters");
  expect_refused({"--method", "mean", "--weights", "0,0"}, {"one", "two"}, "all 0");
  expect_refused({"--method", "weighted-mean", "--weights=-1,2"}, {"one", "two"}, "weighted-sum takes any");
  expect_refused({"--method", "mean", "--output", "merged"}, {"one"}, "--base");
  expect_refused({"--method", "mean", "--output", "dense", "--rank", "2"}, {"one"}, "--output lora");
  expect_refused({"--method", "mean"}, {}, "--adapter");
  expect_refused({"--method", "stack", "--conflict", "cr-sign"}, {"one", "two"}, "low-rank");
  expect_refused({"--method", "fedit"}, {"one", "absent"}, "is missing");
}

TEST_F(FuseCommand, AdaptersOfDifferentModelsDoNotFuse) {
  adapter("one", 3, {llm::Projection::q}, 0);
  auto other = adapter("other", 3, {llm::Projection::q}, 1);
  for (auto& [id, factors] : other.modules)
    factors.a = at::zeros({3, 7});
  llm::save_adapter(other, folder / "other");
  expect_refused({"--method", "mean"}, {"one", "other"}, "elsewhere");
  expect_refused({"--method", "mean", "--base", model}, {"other"}, "and the base has");
}

TEST_F(FuseCommand, TheOrderOfTheFoldersNeverChangesABit) {
  for (std::uint32_t i = 0; i < 3; ++i)
    adapter("a" + std::to_string(i), 2, {llm::Projection::q}, i);
  const auto bytes = [&] { return testing::text_of(std::filesystem::path{out} / "delta.safetensors"); };
  for (const auto* rule : {"weighted-mean", "dare-linear", "cabs", "core-ties", "della"}) {
    (void)told({"--method", rule, "--output", "dense", "--weights", "1,2,3"}, {"a0", "a1", "a2"});
    const auto first = bytes();
    (void)told({"--method", rule, "--output", "dense", "--weights", "3,1,2"}, {"a2", "a0", "a1"});
    EXPECT_EQ(bytes(), first) << rule;
  }
}

TEST_F(FuseCommand, WhatIsReadIsNotWrittenOver) {
  adapter("one", 3, {llm::Projection::q}, 0);
  const auto before = testing::text_of(folder / "one/adapter_model.safetensors");
  const auto outcome =
      testing::edgefuse({"fuse", "--method", "sum", (folder / "one").string(), "--out", (folder / "one").string()});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_EQ(testing::text_of(folder / "one/adapter_model.safetensors"), before);
}

TEST_F(FuseCommand, WhatLayBesideAnEarlierAdapterIsNotTakenForTheNewOnes) {
  adapter("one", 3, {llm::Projection::q}, 0);
  std::filesystem::create_directories(out);
  std::ofstream{std::filesystem::path{out} / "pruning.json"} << "{}";
  const auto outcome = fuse({"--method", "sum"}, {"one"});
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  EXPECT_NE(outcome.err.find("pruning.json"), std::string::npos) << outcome.err;
}

TEST_F(FuseCommand, AResultThatIsNotFiniteIsNotSaved) {
  adapter("one", 3, {llm::Projection::q}, 0);
  for (const auto* output : {"lora", "dense"})
    expect_refused({"--method", "weighted-sum", "--weights", "1e39", "--output", output}, {"one"}, "not finite");
}

TEST_F(FuseCommand, FisherOfNobodyIsZero) {
  std::ofstream{folder / "data.jsonl"} << R"({"prompt": "a b", "answer": " c"})" << '\n';
  for (const auto* name : {"one", "two"})
    ASSERT_EQ(testing::edgefuse({"train", "--model", model, "--data", (folder / "data.jsonl").string(), "--targets",
                                 std::string{name} == "one" ? "q" : "q,gate", "--reveal", "gram,fisher", "--out",
                                 (folder / name).string()})
                  .code,
              0);
  for (const auto* rule : {"fisher", "regmean"})
    (void)told({"--method", rule, "--weights", "1,0", "--output", "dense"}, {"one", "two"});
  (void)told({"--method", "fisher", "--weights", "1,0", "--output", "dense"}, {"one", "two"});
  const llm::SafetensorsFile file{std::filesystem::path{out} / "delta.safetensors"};
  EXPECT_EQ(file.read("model.layers.0.mlp.gate_proj").abs().max().item<double>(), 0);
}

TEST_F(FuseCommand, NamesTheFolderThatRevealsNothing) {
  adapter("one", 3, {llm::Projection::q}, 0);
  expect_refused({"--method", "regmean"}, {"one"}, (folder / "one").string() + ": reveals no \"gram\"");
}

TEST_F(FuseCommand, DiagnosesAndDraws) {
  adapter("one", 3, {llm::Projection::q}, 0);
  adapter("two", 3, {llm::Projection::q}, 1);
  const auto result = told({"--method", "mean", "--diagnose"}, {"one", "two"});
  EXPECT_EQ(result["diagnosis"][0]["pairs"][0]["adapters"], (json{"one", "two"}));
  EXPECT_NE(testing::text_of(std::filesystem::path{out} / "conflict.svg").find("<svg"), std::string::npos);
}

TEST_F(FuseCommand, TheListNamesEveryMethodWithItsParameters) {
  const auto outcome = testing::edgefuse({"fuse", "--list"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const auto* word : {"knots-ties", "stack, flora", "density", "cr-sign", "rescale"})
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace edgefuse::app
