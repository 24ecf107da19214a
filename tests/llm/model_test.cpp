#include "llm/model.hpp"

#include <gtest/gtest.h>

#include <fstream>
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

void expect_same_tensors(const Model& model, const Model& expected) {
  const auto tensors = named_tensors(model);
  const auto wanted = named_tensors(expected);
  ASSERT_EQ(tensors.size(), wanted.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(tensors[i].name, wanted[i].name);
    EXPECT_TRUE(at::equal(tensors[i].tensor, wanted[i].tensor)) << tensors[i].name;
  }
}

Tensors tensors_of(const Model& model) {
  Tensors tensors;
  for (const auto& [name, tensor] : named_tensors(model))
    tensors[name] = tensor;
  return tensors;
}

/// A folder with this model's config and these tensors.
std::filesystem::path folder_with(const ModelConfig& config, const Tensors& tensors) {
  const auto folder = scratch_folder();
  write_config(config, folder);
  write_safetensors(folder / "model.safetensors", tensors);
  return folder;
}

std::string complaint(const std::filesystem::path& folder) {
  try {
    (void)load_model(folder);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos)
      << "expected \"" << part << "\" in: " << (text.empty() ? "nothing" : text);
}

class SavedModel : public ::testing::TestWithParam<std::tuple<std::string, at::ScalarType>> {};

TEST_P(SavedModel, LoadsAsItWas) {
  const auto& [type, dtype] = GetParam();
  for (const bool tied : {false, true}) {
    ModelConfig config = small_config(type);
    config.tied_head = tied;
    const Model model = random_model(config);
    const auto folder = scratch_folder();
    save_model(model, folder, dtype);
    const Model loaded = load_model(folder);
    expect_same_tensors(loaded, model);
    EXPECT_EQ(loaded.head.is_same(loaded.embedding), tied);
    EXPECT_EQ(loaded.embedding.scalar_type(), at::kFloat);
    EXPECT_EQ(loaded.parameters(), model.parameters());
  }
}

INSTANTIATE_TEST_SUITE_P(OfEveryArchitectureInEveryType, SavedModel,
                         ::testing::Combine(::testing::Values("llama", "mistral", "qwen2", "qwen3"),
                                            ::testing::Values(at::kFloat, at::kHalf, at::kBFloat16)),
                         [](const auto& each) {
                           return std::get<0>(each.param) + "_" + c10::toString(std::get<1>(each.param));
                         });

TEST(Model, LoadsWithBiasesInEveryProjection) {
  ModelConfig config = small_config();
  config.qkv_bias = config.o_bias = config.mlp_bias = true;
  const Model model = random_model(config);
  const auto folder = scratch_folder();
  save_model(model, folder, at::kFloat);
  const Model loaded = load_model(folder);
  expect_same_tensors(loaded, model);
  for (const Projection p : all_projections) {
    EXPECT_EQ(loaded.layers[1].projection(p).bias.numel(), loaded.layers[1].projection(p).out()) << projection_name(p);
  }
}

TEST(Model, LoadsInFloat64) {
  const Model model = random_model(small_config());
  const auto folder = scratch_folder();
  save_model(model, folder, at::kHalf);
  const Model loaded = load_model(folder, at::kDouble);
  EXPECT_EQ(loaded.layers[0].q_norm.defined(), false);
  EXPECT_EQ(loaded.layers[0].down.weight.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(loaded.layers[0].down.weight, model.layers[0].down.weight.to(at::kDouble)));
}

TEST(Model, OutlivesItsFiles) {
  const Model model = random_model(small_config());
  const auto folder = scratch_folder();
  save_model(model, folder, at::kFloat);
  const Model loaded = load_model(folder);
  std::filesystem::remove_all(folder);
  expect_same_tensors(loaded, model);
}

TEST(Model, CountsItsParametersAndATiedHeadOnce) {
  // Per layer: q 24x12, k and v 12x12, o 12x24, gate and up 20x12, down 12x20, two norms of 12.
  const std::int64_t layer = 24 * 12 + 2 * 12 * 12 + 12 * 24 + 2 * 20 * 12 + 12 * 20 + 2 * 12;
  ModelConfig config = small_config();
  EXPECT_EQ(random_model(config).parameters(), 2 * layer + 12 + 2 * 17 * 12);
  config.tied_head = true;
  EXPECT_EQ(random_model(config).parameters(), 2 * layer + 12 + 17 * 12);
}

TEST(Model, ReadsTheKeyHeadsOfALayerOffItsTensors) {
  Model model = random_model(small_config());
  model.layers[1].k.weight = model.layers[1].k.weight.narrow(0, 0, 6);
  EXPECT_EQ(model.kv_heads(0), 2);
  EXPECT_EQ(model.kv_heads(1), 1);
}

TEST(Model, GivesEachProjectionByItsName) {
  Model model = random_model(small_config());
  model.layers[0].projection(Projection::down).weight = at::ones({12, 20});
  EXPECT_EQ(model.layers[0].down.weight.sum().item<float>(), 240);
  EXPECT_EQ(model.layers[0].projection(Projection::o).in(), 24);
  EXPECT_EQ(model.layers[0].projection(Projection::gate).out(), 20);
}

/// The model cut into shards of two tensors, with their index.
std::filesystem::path sharded(const Model& model) {
  const auto folder = scratch_folder();
  write_config(model.config, folder);
  json map = json::object();
  Tensors shard;
  int number = 0;
  const auto flush = [&] {
    const std::string file = "model-" + std::to_string(++number) + ".safetensors";
    for (const auto& [name, tensor] : shard)
      map[name] = file;
    write_safetensors(folder / file, shard);
    shard.clear();
  };
  for (const auto& [name, tensor] : named_tensors(model)) {
    shard[name] = tensor;
    if (shard.size() == 2) flush();
  }
  if (!shard.empty()) flush();
  std::ofstream{folder / "model.safetensors.index.json"}
      << json{{"metadata", {{"total_size", 0}}}, {"weight_map", map}};
  return folder;
}

TEST(ShardedModel, LoadsAsTheWholeWould) {
  const Model model = random_model(small_config("qwen3"));
  const auto folder = sharded(model);
  ASSERT_TRUE(std::filesystem::exists(folder / "model-10.safetensors"));
  expect_same_tensors(load_model(folder), model);
}

TEST(ShardedModel, NamesAMissingShardAndADamagedOne) {
  const auto folder = sharded(random_model(small_config()));
  std::filesystem::remove(folder / "model-2.safetensors");
  std::filesystem::resize_file(folder / "model-4.safetensors", 100);
  const auto said = complaint(folder);
  expect_in("model-2.safetensors: cannot be read", said);
  expect_in("model-4.safetensors: claims a header", said);
}

TEST(ShardedModel, NamesATensorThatTheIndexPromisesInVain) {
  const auto folder = sharded(random_model(small_config()));
  write_safetensors(folder / "model-1.safetensors", {{"other", at::ones({2, 3})}});
  const auto said = complaint(folder);
  expect_in("model.embed_tokens.weight: is not in this file although the index says so", said);
}

TEST(ShardedModel, RefusesAnIndexThatLeavesTheFolder) {
  const auto folder = sharded(random_model(small_config()));
  std::ofstream{folder / "model.safetensors.index.json"}
      << R"({"weight_map": {"model.norm.weight": "../model-1.safetensors", "lm_head.weight": 3}})";
  const auto said = complaint(folder);
  expect_in("weight_map.model.norm.weight", said);
  expect_in("weight_map.lm_head.weight", said);
  expect_in("name a file of the same folder", said);
}

TEST(ShardedModel, RefusesAnIndexWithoutAMap) {
  const auto folder = sharded(random_model(small_config()));
  std::ofstream{folder / "model.safetensors.index.json"} << R"({"metadata": {}})";
  expect_in("weight_map", complaint(folder));
}

TEST(BadModel, WithoutWeightsIsToldWhatIsMissing) {
  const auto folder = scratch_folder();
  write_config(small_config(), folder);
  const auto said = complaint(folder);
  expect_in("model.safetensors: is missing", said);
  expect_in("convert the weights to safetensors", said);
}

TEST(BadModel, HasEveryMissingAndMisshapenTensorListed) {
  const Model model = random_model(small_config());
  Tensors tensors = tensors_of(model);
  tensors.erase("model.layers.1.mlp.up_proj.weight");
  tensors.erase("model.norm.weight");
  tensors["model.layers.0.self_attn.q_proj.weight"] = model.layers[0].q.weight.t();
  const auto said = complaint(folder_with(model.config, tensors));
  expect_in("model.layers.1.mlp.up_proj.weight: is missing", said);
  expect_in("model.norm.weight: is missing", said);
  expect_in("model.layers.0.self_attn.q_proj.weight: has shape [12, 24] where config.json demands [24, 12]", said);
}

TEST(BadModel, WithWholeNumbersForWeightsIsRefused) {
  const Model model = random_model(small_config());
  Tensors tensors = tensors_of(model);
  tensors["model.norm.weight"] = at::ones({12}, at::kLong);
  expect_in("model.norm.weight: is stored as whole numbers", complaint(folder_with(model.config, tensors)));
}

TEST(BadModel, WithoutAHeadIsToldToTieIt) {
  const Model model = random_model(small_config());
  Tensors tensors = tensors_of(model);
  tensors.erase("lm_head.weight");
  const auto said = complaint(folder_with(model.config, tensors));
  expect_in("lm_head.weight: is missing", said);
  expect_in("tie_word_embeddings", said);
}

TEST(BadModel, WithMoreLayersThanItsConfigSaysIsRefused) {
  const Model model = random_model(small_config());
  ModelConfig config = model.config;
  config.layers = 1;
  expect_in("model.layers.1.mlp.down_proj.weight: is a tensor that the model of config.json does not have",
            complaint(folder_with(config, tensors_of(model))));
}

TEST(BadModel, WithManyMistakesIsToldTheFirstAndHowManyMore) {
  ModelConfig config = small_config();
  const Tensors tensors = tensors_of(random_model(config));
  config.layers = 40;
  expect_in("and 322 more mistakes like these", complaint(folder_with(config, tensors)));  // 38 layers of 9, less 20
}

TEST(BadModel, WithATiedHeadThatDiffersIsRefused) {
  ModelConfig config = small_config();
  const Model model = random_model(config);
  Tensors tensors = tensors_of(model);
  config.tied_head = true;
  expect_in("differs from the embedding", complaint(folder_with(config, tensors)));
  tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"];
  EXPECT_EQ(complaint(folder_with(config, tensors)), "") << "the same tensor twice contradicts nothing";
}

TEST(Model, IgnoresTensorsThatItComputesItselfOrThatLieOutsideItsBlocks) {
  const Model model = random_model(small_config());
  Tensors tensors = tensors_of(model);
  tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = at::ones({3});
  tensors["visual.patch.weight"] = at::ones({3, 2});
  EXPECT_EQ(complaint(folder_with(model.config, tensors)), "");
}

TEST(SaveModel, RefusesATypeThatCannotHoldAWeight) {
  Model model = random_model(small_config());
  model.final_norm = at::full({12}, 1e5F);
  const auto folder = scratch_folder() / "out";
  try {
    save_model(model, folder, at::kHalf);
    FAIL() << "100000 does not fit float16";
  } catch (const InputError& error) {
    expect_in("model.norm.weight: holds numbers too large", error.what());
  }
  EXPECT_FALSE(std::filesystem::exists(folder)) << "something half-written was left";
}

TEST(SaveModel, WritesAVariantThatIsEquallyNarrowInEveryLayer) {
  Model variant = random_model(small_config());
  for (Layer& layer : variant.layers) {
    layer.q.weight = layer.q.weight.narrow(0, 0, 12);
    layer.o.weight = layer.o.weight.narrow(1, 0, 12);
    for (Linear* linear : {&layer.k, &layer.v})
      linear->weight = linear->weight.narrow(0, 0, 6);
    for (Linear* linear : {&layer.gate, &layer.up})
      linear->weight = linear->weight.narrow(0, 0, 15);
    layer.down.weight = layer.down.weight.narrow(1, 0, 15);
  }
  const auto folder = scratch_folder();
  save_model(variant, folder, at::kFloat);
  const Model loaded = load_model(folder);
  EXPECT_EQ(loaded.config.kv_heads, 1);
  EXPECT_EQ(loaded.config.heads, 2);
  EXPECT_EQ(loaded.config.head_dim, 6);
  EXPECT_EQ(loaded.config.intermediate, 15);
  expect_same_tensors(loaded, variant);

  variant.layers[1] = random_model(small_config()).layers[1];
  save_model(variant, folder, at::kFloat);
  const Model uneven = load_model(folder);
  EXPECT_EQ(uneven.config.kv_heads, 2) << "the base's, as layers differ";
  expect_same_tensors(uneven, variant);
}

TEST(SaveModel, RefusesAFolderThatIsAFile) {
  const auto place = scratch_folder() / "taken";
  std::ofstream{place} << "text";
  EXPECT_THROW(save_model(random_model(small_config()), place, at::kFloat), InputError);
}

}  // namespace
}  // namespace edgefuse::llm
