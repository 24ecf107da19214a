#include "llm/config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

json llama() {
  return {{"model_type", "llama"},
          {"hidden_size", 24},
          {"intermediate_size", 40},
          {"num_hidden_layers", 3},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"vocab_size", 17},
          {"rms_norm_eps", 1e-5},
          {"max_position_embeddings", 64},
          {"tie_word_embeddings", true},
          {"rope_theta", 50000.0},
          {"rope_scaling", nullptr},
          {"hidden_act", "silu"},
          {"bos_token_id", 1},
          {"eos_token_id", 2}};
}

json with(json object, const json& changes) {
  object.update(changes);
  return object;
}

json without(json object, const std::string& key) {
  object.erase(key);
  return object;
}

json of_type(const std::string& type, const json& changes = json::object()) {
  return with(with(llama(), {{"model_type", type}}), changes);
}

std::filesystem::path folder_with(const std::string& text) {
  const auto folder = edgefuse::testing::scratch_folder();
  std::ofstream{folder / "config.json"} << text;
  return folder;
}

ModelConfig read(const json& object) {
  return read_config(folder_with(object.dump()));
}

std::string complaint(const std::string& text) {
  try {
    (void)read_config(folder_with(text));
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

json llama3_scaling() {
  return {{"rope_type", "llama3"},
          {"factor", 32.0},
          {"low_freq_factor", 1.0},
          {"high_freq_factor", 4.0},
          {"original_max_position_embeddings", 8192}};
}

TEST(Config, ReadsWhatALlamaSays) {
  const ModelConfig config = read(llama());
  EXPECT_EQ(config.model_type, "llama");
  EXPECT_EQ(config.hidden, 24);
  EXPECT_EQ(config.intermediate, 40);
  EXPECT_EQ(config.layers, 3);
  EXPECT_EQ(config.heads, 4);
  EXPECT_EQ(config.kv_heads, 2);
  EXPECT_EQ(config.group(), 2);
  EXPECT_EQ(config.vocabulary, 17);
  EXPECT_EQ(config.max_positions, 64);
  EXPECT_EQ(config.rope_theta, 50000.0);
  EXPECT_EQ(config.rms_norm_eps, 1e-5);
  EXPECT_TRUE(config.tied_head);
  EXPECT_FALSE(config.qkv_bias || config.o_bias || config.mlp_bias || config.qk_norm);
  EXPECT_EQ(config.sliding_window, std::nullopt);
  EXPECT_EQ(config.bos_token, 1);
  EXPECT_EQ(config.eos_token, 2);
  EXPECT_TRUE(std::holds_alternative<NoRopeScaling>(config.rope_scaling));
}

TEST(Config, TakesTheHeadDimensionGivenElseDividesElseQwen3sDefault) {
  EXPECT_EQ(read(llama()).head_dim, 6);
  EXPECT_EQ(read(with(llama(), {{"head_dim", nullptr}})).head_dim, 6);
  EXPECT_EQ(read(with(llama(), {{"head_dim", 10}})).head_dim, 10);
  EXPECT_EQ(read(with(llama(), {{"head_dim", 10}, {"hidden_size", 23}})).head_dim, 10);
  EXPECT_EQ(read(of_type("qwen3")).head_dim, 128);
}

TEST(Config, GivesEveryQueryHeadItsOwnKeyHeadWhereTheFileSaysNothing) {
  EXPECT_EQ(read(without(llama(), "num_key_value_heads")).kv_heads, 4);
}

TEST(Config, DoesNotTieTheHeadUnlessTold) {
  EXPECT_FALSE(read(without(llama(), "tie_word_embeddings")).tied_head);
}

TEST(Config, KnowsWhichArchitectureHasWhichBiasesAndNorms) {
  const json bias = {{"attention_bias", true}, {"mlp_bias", true}};
  const ModelConfig biased = read(with(llama(), bias));
  EXPECT_TRUE(biased.qkv_bias && biased.o_bias && biased.mlp_bias && !biased.qk_norm);
  const ModelConfig mistral = read(of_type("mistral", bias));
  EXPECT_FALSE(mistral.qkv_bias || mistral.o_bias || mistral.mlp_bias);
  const ModelConfig qwen2 = read(of_type("qwen2"));
  EXPECT_TRUE(qwen2.qkv_bias && !qwen2.o_bias && !qwen2.mlp_bias && !qwen2.qk_norm);
  const ModelConfig qwen3 = read(of_type("qwen3"));
  EXPECT_TRUE(!qwen3.qkv_bias && !qwen3.o_bias && qwen3.qk_norm);
}

TEST(Config, ReadsRopeScalingOfTransformers4) {
  const auto linear = read(with(llama(), {{"rope_scaling", {{"type", "linear"}, {"factor", 4}}}}));
  EXPECT_EQ(std::get<LinearRopeScaling>(linear.rope_scaling).factor, 4);
  const auto llama3 = read(with(llama(), {{"rope_scaling", llama3_scaling()}}));
  const auto& scaling = std::get<Llama3RopeScaling>(llama3.rope_scaling);
  EXPECT_EQ(scaling.factor, 32);
  EXPECT_EQ(scaling.low_frequency_factor, 1);
  EXPECT_EQ(scaling.high_frequency_factor, 4);
  EXPECT_EQ(scaling.original_positions, 8192);
  EXPECT_EQ(llama3.rope_theta, 50000.0);
}

TEST(Config, ReadsRopeParametersOfTransformers5) {
  json scaling = llama3_scaling();
  scaling["rope_theta"] = 7e5;
  auto object = without(without(llama(), "rope_theta"), "rope_scaling");
  const auto llama3 = read(with(object, {{"rope_parameters", scaling}}));
  EXPECT_EQ(llama3.rope_theta, 7e5);
  EXPECT_EQ(std::get<Llama3RopeScaling>(llama3.rope_scaling).factor, 32);
  const auto plain = read(with(object, {{"rope_parameters", {{"rope_theta", 7e5}, {"rope_type", "default"}}}}));
  EXPECT_EQ(plain.rope_theta, 7e5);
  EXPECT_TRUE(std::holds_alternative<NoRopeScaling>(plain.rope_scaling));
}

TEST(Config, AssumesThetaTenThousandWhereTheFileSaysNothing) {
  EXPECT_EQ(read(without(llama(), "rope_theta")).rope_theta, 10000);
}

TEST(Config, ReadsTheSlidingWindowWhereItIsUsed) {
  const json window = {{"sliding_window", 32}};
  EXPECT_EQ(read(with(llama(), window)).sliding_window, std::nullopt);
  EXPECT_EQ(read(of_type("mistral", window)).sliding_window, 32);
  EXPECT_EQ(read(of_type("mistral", {{"sliding_window", nullptr}})).sliding_window, std::nullopt);
  EXPECT_EQ(read(of_type("mistral")).sliding_window, 4096) << "transformers' default";
  EXPECT_EQ(read(of_type("qwen2", window)).sliding_window, std::nullopt) << "use_sliding_window is off by default";
  json used = {{"sliding_window", 32}, {"use_sliding_window", true}, {"max_window_layers", 2}};
  EXPECT_EQ(read(of_type("qwen2", used)).sliding_window, 32);
  used["max_window_layers"] = 3;
  EXPECT_EQ(read(of_type("qwen2", used)).sliding_window, std::nullopt) << "all three layers attend to everything";
}

TEST(Config, TakesTheFirstOfSeveralEndsOfText) {
  EXPECT_EQ(read(with(llama(), {{"eos_token_id", {9, 11}}})).eos_token, 9);
  EXPECT_EQ(read(with(llama(), {{"eos_token_id", nullptr}})).eos_token, std::nullopt);
}

struct BadConfig {
  std::string name;
  std::string text;
  std::vector<std::string> messages;  // each must be part of the complaint
};
void PrintTo(const BadConfig& bad, std::ostream* out) {
  *out << bad.name;
}

class BadConfigs : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigs, AreRefusedWithAPreciseMessage) {
  const std::string said = complaint(GetParam().text);
  ASSERT_NE(said, "") << "the file was accepted";
  for (const auto& message : GetParam().messages) {
    EXPECT_NE(said.find(message), std::string::npos) << "expected \"" << message << "\" in: " << said;
  }
}

BadConfig bad(const std::string& name, const json& changes, const std::vector<std::string>& messages) {
  return {name, with(llama(), changes).dump(), messages};
}

INSTANTIATE_TEST_SUITE_P(
    EachWayAConfigCanBeWrong, BadConfigs,
    ::testing::Values(
        BadConfig{"Empty", "", {"config.json:1", "not valid JSON"}},
        BadConfig{"SyntaxErrorHasItsLine", "{\n\"model_type\":\n oops}", {"config.json:3"}},
        BadConfig{"NotAnObject", "[1]", {"not a JSON object"}},
        BadConfig{"AllMissing",
                  "{}",
                  {"model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                   "vocab_size", "max_position_embeddings"}},
        bad("UnknownArchitecture", {{"model_type", "gpt2"}}, {"\"gpt2\"", "llama, mistral, qwen2, qwen3"}),
        bad("ModelTypeNotText", {{"model_type", 5}}, {"model_type: is 5"}),
        bad("ZeroLayers", {{"num_hidden_layers", 0}}, {"num_hidden_layers: is 0"}),
        bad("NegativeHidden", {{"hidden_size", -24}}, {"hidden_size: is -24"}),
        bad("FractionalVocabulary", {{"vocab_size", 17.5}}, {"vocab_size: is 17.5"}),
        bad("HugeIntermediate", {{"intermediate_size", 18446744073709551615U}}, {"intermediate_size"}),
        bad("KeyHeadsDoNotDivide", {{"num_key_value_heads", 3}}, {"which does not divide num_attention_heads 4"}),
        bad("MoreKeyHeadsThanHeads", {{"num_key_value_heads", 8}}, {"which does not divide"}),
        bad("HiddenNoMultipleOfHeads", {{"hidden_size", 26}}, {"no multiple of num_attention_heads 4"}),
        bad("OddHeadDimension", {{"head_dim", 5}}, {"odd"}),
        bad("OtherActivation", {{"hidden_act", "gelu"}}, {"\"gelu\"", "only silu"}),
        bad("Quantised", {{"quantization_config", {{"bits", 4}}}}, {"quantised"}),
        bad("UnknownRopeType", {{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4}}}},
            {"rope_scaling.rope_type", "\"yarn\"", "linear"}),
        bad("LinearWithoutFactor", {{"rope_scaling", {{"type", "linear"}}}}, {"rope_scaling.factor: is missing"}),
        bad("Llama3WithoutItsParts", {{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}}},
            {"low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}),
        bad("Llama3FrequenciesReversed", {{"rope_scaling", with(llama3_scaling(), {{"low_freq_factor", 5}})}},
            {"is not below high_freq_factor"}),
        bad("RopeScalingNotAnObject", {{"rope_scaling", 4}}, {"rope_scaling: is not an object"}),
        bad("BothWaysToSayRope",
            {{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}, {"rope_parameters", {{"rope_type", "default"}}}},
            {"stands beside rope_scaling"}),
        bad("TwoThetas", {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 10000.0}}}},
            {"rope_parameters.rope_theta"}),
        bad("NegativeTheta", {{"rope_theta", -1}}, {"rope_theta: is -1"}),
        bad("ZeroEps", {{"rms_norm_eps", 0}}, {"rms_norm_eps"}),
        bad("TiedHeadNotABoolean", {{"tie_word_embeddings", "yes"}}, {"tie_word_embeddings", "true or false"}),
        bad("TokenNotANumber", {{"eos_token_id", json::array({"</s>"})}}, {"eos_token_id"}),
        bad("SeveralMistakes", {{"hidden_act", "relu"}, {"num_key_value_heads", 3}, {"model_type", "bloom"}},
            {"relu", "does not divide", "bloom"})),
    [](const auto& each) { return each.param.name; });

TEST(Config, SaysWhatAFolderWithoutAConfigLacks) {
  try {
    (void)read_config(edgefuse::testing::scratch_folder());
    FAIL() << "an empty folder was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("config.json: is missing"), std::string::npos) << error.what();
  }
}

class WrittenConfig : public ::testing::TestWithParam<json> {};

TEST_P(WrittenConfig, ReadsBackAsItWas) {
  const ModelConfig config = read(GetParam());
  const auto folder = edgefuse::testing::scratch_folder();
  write_config(config, folder);
  const ModelConfig again = read_config(folder);
  EXPECT_EQ(again.model_type, config.model_type);
  EXPECT_EQ(again.hidden, config.hidden);
  EXPECT_EQ(again.intermediate, config.intermediate);
  EXPECT_EQ(again.layers, config.layers);
  EXPECT_EQ(again.heads, config.heads);
  EXPECT_EQ(again.kv_heads, config.kv_heads);
  EXPECT_EQ(again.head_dim, config.head_dim);
  EXPECT_EQ(again.vocabulary, config.vocabulary);
  EXPECT_EQ(again.max_positions, config.max_positions);
  EXPECT_EQ(again.rope_theta, config.rope_theta);
  EXPECT_EQ(again.rms_norm_eps, config.rms_norm_eps);
  EXPECT_EQ(again.tied_head, config.tied_head);
  EXPECT_EQ(again.qkv_bias, config.qkv_bias);
  EXPECT_EQ(again.o_bias, config.o_bias);
  EXPECT_EQ(again.mlp_bias, config.mlp_bias);
  EXPECT_EQ(again.qk_norm, config.qk_norm);
  EXPECT_EQ(again.sliding_window, config.sliding_window);
  EXPECT_EQ(again.bos_token, config.bos_token);
  EXPECT_EQ(again.eos_token, config.eos_token);
  ASSERT_EQ(again.rope_scaling.index(), config.rope_scaling.index());
  if (const auto* linear = std::get_if<LinearRopeScaling>(&config.rope_scaling)) {
    EXPECT_EQ(std::get<LinearRopeScaling>(again.rope_scaling).factor, linear->factor);
  }
  if (const auto* llama3 = std::get_if<Llama3RopeScaling>(&config.rope_scaling)) {
    const auto& read_again = std::get<Llama3RopeScaling>(again.rope_scaling);
    EXPECT_EQ(read_again.factor, llama3->factor);
    EXPECT_EQ(read_again.low_frequency_factor, llama3->low_frequency_factor);
    EXPECT_EQ(read_again.high_frequency_factor, llama3->high_frequency_factor);
    EXPECT_EQ(read_again.original_positions, llama3->original_positions);
  }
}

INSTANTIATE_TEST_SUITE_P(
    OfEveryArchitecture, WrittenConfig,
    ::testing::Values(llama(), with(llama(), {{"attention_bias", true}, {"mlp_bias", true}, {"head_dim", 10}}),
                      with(llama(), {{"rope_scaling", llama3_scaling()}, {"eos_token_id", nullptr}}),
                      with(llama(), {{"rope_scaling", {{"type", "linear"}, {"factor", 2.5}}}}),
                      of_type("mistral", {{"sliding_window", 32}}), of_type("mistral", {{"sliding_window", nullptr}}),
                      of_type("qwen2"), of_type("qwen2", {{"sliding_window", 32}, {"use_sliding_window", true}}),
                      of_type("qwen3"), of_type("qwen3", {{"attention_bias", true}, {"head_dim", 16}})));

TEST(Config, IsWrittenInTheWordsThatTransformersReads) {
  const auto folder = edgefuse::testing::scratch_folder();
  write_config(read(with(llama(), {{"rope_scaling", llama3_scaling()}})), folder);
  std::ifstream stream{folder / "config.json"};
  const json written = json::parse(stream);
  EXPECT_EQ(written.at("architectures"), json::array({"LlamaForCausalLM"}));
  EXPECT_EQ(written.at("rope_scaling"), llama3_scaling());
  EXPECT_EQ(written.at("num_key_value_heads"), 2);
  EXPECT_EQ(written.at("head_dim"), 6);
}

}  // namespace
}  // namespace edgefuse::llm
