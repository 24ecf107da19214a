#include "llm/adapter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/safetensors.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using edgefuse::testing::scratch_folder;
using nlohmann::json;
using testing::random_model;
using testing::small_config;
using Tensors = std::map<std::string, at::Tensor>;

LoraSpec spec_of(std::vector<Projection> targets, std::int64_t rank = 3) {
  return {.rank = rank, .alpha = 6, .rslora = false, .targets = std::move(targets)};
}

/// A trained-looking adapter: B is not zero.
Adapter random_adapter(std::vector<Projection> targets) {
  Adapter adapter = make_adapter(random_model(small_config()), spec_of(std::move(targets)), 5, 0);
  float next = 0.25F;
  for (auto& [id, factors] : adapter.modules)
    factors.b.fill_(next += 0.5F);
  return adapter;
}

void expect_same(const Adapter& adapter, const Adapter& expected) {
  EXPECT_EQ(adapter.spec.rank, expected.spec.rank);
  EXPECT_EQ(adapter.spec.alpha, expected.spec.alpha);
  EXPECT_EQ(adapter.spec.rslora, expected.spec.rslora);
  EXPECT_EQ(adapter.spec.targets, expected.spec.targets);
  ASSERT_EQ(adapter.modules.size(), expected.modules.size());
  for (const auto& [id, factors] : expected.modules) {
    ASSERT_EQ(adapter.modules.count(id), 1) << id.name();
    EXPECT_TRUE(at::equal(adapter.modules.at(id).a, factors.a)) << id.name();
    EXPECT_TRUE(at::equal(adapter.modules.at(id).b, factors.b)) << id.name();
  }
}

TEST(LoraSpec, ScalesByAlphaOverRankOrItsRoot) {
  LoraSpec spec{.rank = 4, .alpha = 10, .rslora = false, .targets = {}};
  EXPECT_EQ(spec.scale(), 2.5);
  spec.rslora = true;
  EXPECT_EQ(spec.scale(), 5);
}

TEST(NewAdapter, HasAUniformAndAZeroB) {
  ModelConfig config = small_config();
  config.intermediate = 500;
  const Model model = random_model(config);
  const Adapter adapter = make_adapter(model, spec_of({Projection::q, Projection::down}), 1, 2);
  ASSERT_EQ(adapter.modules.size(), 4);
  const LoraFactors& down = adapter.modules.at({1, Projection::down});
  EXPECT_EQ(down.a.sizes(), (std::vector<std::int64_t>{3, 500}));
  EXPECT_EQ(down.b.sizes(), (std::vector<std::int64_t>{12, 3}));
  EXPECT_EQ(down.b.abs().max().item<float>(), 0);
  const double bound = 1 / std::sqrt(500.0);
  const double largest = down.a.abs().max().item<float>();
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.98 * bound) << "1500 draws come closer to the bound than that";
  // Standard error of the mean: bound / sqrt(3 * 1500).
  EXPECT_LT(std::abs(down.a.mean().item<double>()), 4 * bound / std::sqrt(4500.0));
}

TEST(NewAdapter, IsDrawnFromSeedClientRoundAndModuleAlone) {
  const Model model = random_model(small_config());
  const auto a_of = [&](std::uint64_t seed, std::uint32_t client, ModuleId id) {
    return make_adapter(model, spec_of({Projection::q, Projection::k}), seed, client).modules.at(id).a;
  };
  const at::Tensor a = a_of(1, 2, {0, Projection::q});
  EXPECT_TRUE(at::equal(a, a_of(1, 2, {0, Projection::q})));
  EXPECT_FALSE(at::equal(a, a_of(2, 2, {0, Projection::q})));
  EXPECT_FALSE(at::equal(a, a_of(1, 3, {0, Projection::q})));
  EXPECT_FALSE(at::equal(a, a_of(1, 2, {1, Projection::q})));
  EXPECT_FALSE(at::equal(a, a_of(1, 2, {0, Projection::k})));
  const Adapter later = make_adapter(model, spec_of({Projection::q, Projection::k}), 1, 2, 1);
  for (const auto& [id, factors] : later.modules)
    EXPECT_FALSE(at::equal(a, factors.a)) << "a later round must not begin where round 0 began";
  const Adapter other_targets = make_adapter(model, spec_of({Projection::q, Projection::up}), 1, 2);
  EXPECT_TRUE(at::equal(a, other_targets.modules.at({0, Projection::q}).a)) << "other targets must not shift the draws";
}

TEST(NewAdapter, OfAVariantIsThePrefixOfTheBases) {
  const Model base = random_model(small_config());
  Model variant = base;
  variant.layers[0].down.weight = base.layers[0].down.weight.narrow(1, 0, 13);
  variant.layers[0].o.weight = base.layers[0].o.weight.narrow(1, 0, 12);
  variant.layers[0].q.weight = base.layers[0].q.weight.narrow(0, 0, 12);
  const auto spec = spec_of({Projection::q, Projection::o, Projection::down});
  const Adapter whole = make_adapter(base, spec, 9, 4);
  const Adapter cut = make_adapter(variant, spec, 9, 4);
  const auto a_of = [](const Adapter& adapter, Projection p) { return adapter.modules.at({0, p}).a; };
  EXPECT_TRUE(at::equal(a_of(cut, Projection::down), a_of(whole, Projection::down).narrow(1, 0, 13)));
  EXPECT_TRUE(at::equal(a_of(cut, Projection::o), a_of(whole, Projection::o).narrow(1, 0, 12)));
  EXPECT_TRUE(at::equal(a_of(cut, Projection::q), a_of(whole, Projection::q)));
  EXPECT_EQ(cut.modules.at({0, Projection::q}).b.size(0), 12);
  EXPECT_TRUE(a_of(cut, Projection::down).is_contiguous());
}

TEST(NewAdapter, OfASmallerRankIsTheTopOfALargerOne) {
  const Model model = random_model(small_config());
  const auto a_of = [&](std::int64_t rank) {
    return make_adapter(model, spec_of({Projection::up}, rank), 9, 4).modules.at({1, Projection::up}).a;
  };
  EXPECT_TRUE(at::equal(a_of(2), a_of(5).narrow(0, 0, 2)));
}

TEST(SavedAdapter, LoadsAsItWas) {
  for (const double alpha : {6.0, 0.75}) {
    Adapter adapter = random_adapter({all_projections.begin(), all_projections.end()});
    adapter.spec.alpha = alpha;
    adapter.spec.rslora = alpha < 1;
    const auto folder = scratch_folder();
    save_adapter(adapter, folder);
    expect_same(load_adapter(folder), adapter);
  }
}

TEST(SavedAdapter, OfSomeLayersNamesItsModulesOneByOne) {
  Adapter adapter = random_adapter({Projection::q, Projection::up});
  adapter.modules.erase({0, Projection::up});
  const auto folder = scratch_folder();
  save_adapter(adapter, folder);
  expect_same(load_adapter(folder), adapter);
}

json config_of(const std::filesystem::path& folder) {
  std::ifstream stream{folder / "adapter_config.json"};
  return json::parse(stream);
}

TEST(SavedAdapter, SpeaksToPeftInItsOwnWords) {
  const auto folder = scratch_folder();
  save_adapter(random_adapter({Projection::v, Projection::down}), folder);
  const json config = config_of(folder);
  EXPECT_EQ(config.at("peft_type"), "LORA");
  EXPECT_EQ(config.at("task_type"), "CAUSAL_LM");
  EXPECT_EQ(config.at("target_modules"), json::array({"v_proj", "down_proj"}));
  EXPECT_EQ(config.at("fan_in_fan_out"), false);
  EXPECT_TRUE(config.at("lora_alpha").is_number_integer());
  EXPECT_TRUE(config.at("base_model_name_or_path").is_null());
  const SafetensorsFile file{folder / "adapter_model.safetensors"};
  EXPECT_EQ(file.entries().size(), 8);
  const std::string name = "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight";
  ASSERT_TRUE(file.contains(name));
  EXPECT_EQ(file.entries().at(name).shape, (std::vector<std::int64_t>{3, 20}));
}

TEST(SavedAdapter, ReplacesAnOlderOneWhole) {
  const auto folder = scratch_folder();
  save_adapter(random_adapter({Projection::q, Projection::v}), folder);
  save_adapter(random_adapter({Projection::down}), folder);
  EXPECT_EQ(load_adapter(folder).spec.targets, std::vector{Projection::down});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 2) << "nothing is left beside";
}

/// A good folder, to be spoilt.
struct Folder {
  std::filesystem::path path = scratch_folder();
  json config;
  Tensors tensors;

  Folder() {
    save_adapter(random_adapter({Projection::q, Projection::down}), path);
    config = config_of(path);
    const SafetensorsFile file{path / "adapter_model.safetensors"};
    for (const auto& [name, entry] : file.entries())
      tensors[name] = file.read(name);
  }
  /// What the loader says of it, "" when it takes it.
  [[nodiscard]] std::string complaint() const {
    std::ofstream{path / "adapter_config.json"} << config;
    write_safetensors(path / "adapter_model.safetensors", tensors);
    try {
      (void)load_adapter(path);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
};

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos)
      << "expected \"" << part << "\" in: " << (text.empty() ? "nothing" : text);
}

constexpr const char* first_a = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
constexpr const char* first_b = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight";

TEST(AdapterFolder, MayNameItsTargetsInEveryWayThatPeftAllows) {
  for (const json& targets : {json::array({"down_proj", "q_proj"}), json::array({"self_attn.q_proj", "mlp.down_proj"}),
                              json(".*(q|down)_proj")}) {
    Folder folder;
    folder.config["target_modules"] = targets;
    EXPECT_EQ(folder.complaint(), "") << targets;
    EXPECT_EQ(load_adapter(folder.path).spec.targets, (std::vector{Projection::q, Projection::down}));
  }
}

TEST(AdapterFolder, MayHoldHalfPrecision) {
  Folder folder;
  for (auto& [name, tensor] : folder.tensors)
    tensor = tensor.to(at::kBFloat16);
  ASSERT_EQ(folder.complaint(), "");
  const at::Tensor a = load_adapter(folder.path).modules.at({0, Projection::q}).a;
  EXPECT_EQ(a.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(a, folder.tensors.at(first_a).to(at::kFloat)));
}

TEST(AdapterFolder, MayAdaptOnlySomeLayersWhereItSaysSo) {
  Folder folder;
  for (const char* name : {first_a, first_b})
    folder.tensors.erase(name);
  const auto said = folder.complaint();
  expect_in(std::string{first_a} + ": is missing", said);
  expect_in(std::string{first_b} + ": is missing", said);
  folder.config["layers_to_transform"] = {1};
  EXPECT_EQ(folder.complaint(), "");
}

struct BadAdapter {
  std::string name;
  json changes;
  std::string message;
};
void PrintTo(const BadAdapter& bad, std::ostream* out) {
  *out << bad.name;
}

class BadAdapterConfig : public ::testing::TestWithParam<BadAdapter> {};

TEST_P(BadAdapterConfig, IsRefusedWithAPreciseMessage) {
  Folder folder;
  folder.config.update(GetParam().changes);
  expect_in(GetParam().message, folder.complaint());
}

INSTANTIATE_TEST_SUITE_P(
    EachWayItCanBeWrong, BadAdapterConfig,
    ::testing::Values(
        BadAdapter{"OtherMethod", {{"peft_type", "IA3"}}, "peft_type: is \"IA3\""},
        BadAdapter{"NoMethod", {{"peft_type", nullptr}}, "peft_type: is missing"},
        BadAdapter{"Dora", {{"use_dora", true}}, "use_dora: is true"},
        BadAdapter{"Biases", {{"bias", "lora_only"}}, "bias: is \"lora_only\""},
        BadAdapter{"BiasOfB", {{"lora_bias", true}}, "lora_bias"},
        BadAdapter{"SavedModules", {{"modules_to_save", {"lm_head"}}}, "modules_to_save"},
        BadAdapter{"RankPatternOtherThanTheFactors", {{"rank_pattern", {{"q_proj", 8}}}}, "is not of rank 8"},
        BadAdapter{"RankPatternOfNoNumber", {{"rank_pattern", {{"q_proj", "8"}}}}, "rank_pattern: gives \"8\""},
        BadAdapter{"RankPatternOfAHalf", {{"rank_pattern", {{"q_proj", 2.5}}}}, "rank_pattern: gives 2.5"},
        BadAdapter{"RankPatternOfNoExpression", {{"rank_pattern", {{"(q_proj", 3}}}}, "no regular expression"},
        BadAdapter{"PatternsThatDisagree",
                   {{"alpha_pattern", {{"q_proj", 8}, {"layers.1.*q_proj", 4}}}},
                   "has \"layers.1.*q_proj\" and \"q_proj\" for model.layers.1.self_attn.q_proj"},
        BadAdapter{"AlphaPattern", {{"alpha_pattern", {{"q_proj", 8}}}}, "alpha_pattern"},
        BadAdapter{"Transposed", {{"fan_in_fan_out", true}}, "fan_in_fan_out"},
        BadAdapter{"AlteredBase", {{"init_lora_weights", "pissa"}}, "changes the base's weights"},
        BadAdapter{"LoftQ", {{"loftq_config", {{"loftq_bits", 4}}}}, "loftq_config"},
        BadAdapter{"VariantsNotYetInvented", {{"use_quantum_lora", true}}, "use_quantum_lora"},
        BadAdapter{"ReplicatedLayers", {{"layer_replication", {{0, 1}}}}, "layer_replication"},
        BadAdapter{"RankNotANumber", {{"r", "8"}}, "r: is \"8\""}, BadAdapter{"RankZero", {{"r", 0}}, "r: is 0"},
        BadAdapter{"NoRank", {{"r", nullptr}}, "r: is missing"},
        BadAdapter{"RankOtherThanTheFactors", {{"r", 4}}, "is not of rank 4"},
        BadAdapter{"AlphaNegative", {{"lora_alpha", -1}}, "lora_alpha: is -1"},
        BadAdapter{"RsloraNotABoolean", {{"use_rslora", 1}}, "use_rslora"},
        BadAdapter{"NoTargets", {{"target_modules", nullptr}}, "target_modules: is missing"},
        BadAdapter{"EmptyTargets", {{"target_modules", json::array()}}, "target_modules"},
        BadAdapter{"EmbeddingAsTarget", {{"target_modules", {"q_proj", "embed_tokens"}}}, "names \"embed_tokens\""},
        BadAdapter{"TargetNotInTheFile",
                   {{"target_modules", {"q_proj", "down_proj", "v_proj"}}},
                   "layers.1.self_attn.v_proj.lora_B.weight: is missing"},
        BadAdapter{"AllLinearButSomeMissing", {{"target_modules", "all-linear"}}, "mlp.up_proj.lora_A.weight"}),
    [](const auto& each) { return each.param.name; });

TEST(AdapterFolder, WithHalfAPairIsRefused) {
  Folder folder;
  folder.tensors.erase(first_b);
  expect_in(std::string{first_b} + ": is missing", folder.complaint());
}

TEST(AdapterFolder, WithFactorsOfSomethingElseIsRefused) {
  Folder folder;
  folder.tensors["base_model.model.lm_head.lora_A.weight"] = at::ones({3, 12});
  expect_in("lm_head.lora_A.weight: is no LoRA factor of one of the seven projections", folder.complaint());
}

TEST(AdapterFolder, WithATransposedFactorIsRefused) {
  Folder folder;
  folder.tensors[first_a] = folder.tensors[first_a].t();
  expect_in(std::string{first_a} + ": is not of rank 3", folder.complaint());
}

TEST(AdapterFolder, WithNumbersThatAreNotFiniteIsRefused) {
  Folder folder;
  folder.tensors[first_a][1][2] = std::nan("");
  expect_in(std::string{first_a} + ": holds numbers that are not finite", folder.complaint());
}

TEST(AdapterFolder, WithoutFactorsIsRefused) {
  Folder folder;
  folder.tensors.clear();
  expect_in("holds no factors", folder.complaint());
}

TEST(AdapterFolder, IsToldBothFilesThatItLacks) {
  try {
    (void)load_adapter(scratch_folder());
    FAIL() << "an empty folder was accepted";
  } catch (const InputError& error) {
    expect_in("adapter_config.json: is missing", error.what());
    expect_in("adapter_model.safetensors: is missing", error.what());
  }
}

TEST(AdapterCheck, AcceptsTheModelThatItWasMadeFor) {
  const Adapter adapter = random_adapter({all_projections.begin(), all_projections.end()});
  EXPECT_NO_THROW(check_adapter_fits(adapter, random_model(small_config()), "folder"));
}

TEST(AdapterCheck, NamesEveryModuleThatDoesNotFit) {
  const Adapter adapter = random_adapter({Projection::k, Projection::down});
  ModelConfig config = small_config();
  config.intermediate = 21;
  config.layers = 1;
  try {
    check_adapter_fits(adapter, random_model(config), "some/adapter");
    FAIL() << "it was accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes().size(), 3) << error.what();
    expect_in(
        "some/adapter: model.layers.0.mlp.down_proj: has factors A [3, 20] and B [12, 3] for a weight of shape "
        "[12, 21]",
        error.what());
    expect_in("model.layers.1.self_attn.k_proj: adapts layer 1 of a model that has 1", error.what());
  }
}

}  // namespace
}  // namespace edgefuse::llm
