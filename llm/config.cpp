#include "llm/config.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/json_reader.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/output_file.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> model_types = {"llama", "mistral", "qwen2", "qwen3"};
constexpr std::array<std::string_view, 4> architectures = {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM",
                                                           "Qwen3ForCausalLM"};
// Far above any model, and low enough that no product of two of them overflows.
constexpr std::int64_t largest_size = std::int64_t{1} << 31;
constexpr std::int64_t most_layers = 10'000;
constexpr double default_theta = 10'000;
// What transformers assumes where the file says nothing.
constexpr double default_eps = 1e-6;
constexpr std::int64_t qwen3_head_dim = 128;
constexpr std::int64_t mistral_window = 4096;
constexpr const char* layers_key = "edgefuse_layers";

std::string list(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names)
    text += (text.empty() ? "" : ", ") + std::string{name};
  return text;
}

struct Rope {
  double theta = default_theta;
  RopeScaling scaling;
};

Llama3RopeScaling read_llama3(JsonReader& reader) {
  Llama3RopeScaling scaling;
  scaling.factor = reader.require("factor", reader.positive("factor"));
  scaling.low_frequency_factor = reader.require("low_freq_factor", reader.positive("low_freq_factor"));
  scaling.high_frequency_factor = reader.require("high_freq_factor", reader.positive("high_freq_factor"));
  scaling.original_positions = reader.require("original_max_position_embeddings",
                                              reader.integer("original_max_position_embeddings", 1, largest_size));
  if (reader.clean() && scaling.low_frequency_factor >= scaling.high_frequency_factor) {
    reader.note("low_freq_factor", "is not below high_freq_factor", "Llama 3.1 uses 1 and 4");
  }
  return scaling;
}

RopeScaling read_scaling(JsonReader& reader) {
  const std::string key = reader.has("rope_type") ? "rope_type" : "type";  // "type" before transformers 4.43
  const auto type = reader.text(key).value_or(reader.has(key) ? "" : "default");
  if (type == "default") return NoRopeScaling{};
  if (type == "linear") return LinearRopeScaling{reader.require("factor", reader.positive("factor"))};
  if (type == "llama3") return read_llama3(reader);
  if (!type.empty()) {
    reader.note(key, fmt::format("is \"{}\", which is not supported", type), "use default, linear or llama3");
  }
  return NoRopeScaling{};
}

/// transformers 4 writes `rope_theta` and `rope_scaling`; transformers 5 writes both into `rope_parameters`.
Rope read_rope(JsonReader& reader, const std::filesystem::path& file) {
  Rope rope;
  const auto theta = reader.positive("rope_theta");
  rope.theta = theta.value_or(default_theta);
  for (const std::string key : {"rope_scaling", "rope_parameters"}) {
    if (!reader.has(key)) continue;
    const json& object = reader.object().at(key);
    if (!object.is_object()) {
      reader.note(key, "is not an object", "use null, or an object with rope_type");
      continue;
    }
    JsonReader inner{object, file, key + "."};
    rope.scaling = read_scaling(inner);
    const auto own_theta = inner.positive("rope_theta");
    if (own_theta && theta && *own_theta != *theta) {
      inner.note("rope_theta", fmt::format("is {} but rope_theta is {}", *own_theta, *theta), "keep one of them");
    }
    rope.theta = own_theta.value_or(rope.theta);
    reader.take(inner);
  }
  if (reader.has("rope_scaling") && reader.has("rope_parameters")) {
    reader.note("rope_parameters", "stands beside rope_scaling", "keep one of them");
  }
  return rope;
}

std::string read_model_type(JsonReader& reader) {
  const auto type = reader.text("model_type");
  if (!type) return reader.require("model_type", type);
  if (std::find(model_types.begin(), model_types.end(), *type) == model_types.end()) {
    reader.note("model_type", fmt::format("is \"{}\", an architecture that is not supported", *type),
                "use one of: " + list(model_types));
  }
  return *type;
}

void read_sizes(JsonReader& reader, ModelConfig& config) {
  const auto size = [&](const std::string& key, std::int64_t most = largest_size) {
    return reader.require(key, reader.integer(key, 1, most));
  };
  config.hidden = size("hidden_size");
  config.intermediate = size("intermediate_size");
  config.layers = size("num_hidden_layers", most_layers);
  config.heads = size("num_attention_heads");
  config.vocabulary = size("vocab_size");
  config.max_positions = size("max_position_embeddings");
  config.kv_heads = reader.integer("num_key_value_heads", 1, largest_size).value_or(config.heads);
  if (config.hidden == 0 || config.heads == 0 || config.kv_heads == 0) return;

  if (config.heads % config.kv_heads != 0) {
    reader.note("num_key_value_heads",
                fmt::format("is {}, which does not divide num_attention_heads {}", config.kv_heads, config.heads),
                "make it a divisor");
  }
  if (const auto head_dim = reader.integer("head_dim", 1, largest_size)) {
    config.head_dim = *head_dim;
  } else if (config.model_type == "qwen3") {
    config.head_dim = qwen3_head_dim;
  } else if (config.hidden % config.heads == 0) {
    config.head_dim = config.hidden / config.heads;
  } else {
    reader.note("hidden_size", fmt::format("is {}, no multiple of num_attention_heads {}", config.hidden, config.heads),
                "give head_dim, or sizes that divide");
  }
  if (config.head_dim % 2 != 0) {
    reader.note("head_dim", fmt::format("is {}, an odd number", config.head_dim),
                "rotary embeddings need pairs of channels");
  }
}

/// Which biases and norms an architecture has is partly fixed in code, partly said by the file.
void read_architecture(JsonReader& reader, ModelConfig& config) {
  const bool attention_bias = reader.boolean("attention_bias").value_or(false);
  const bool mlp_bias = reader.boolean("mlp_bias").value_or(false);
  const bool llama = config.model_type == "llama";
  const bool qwen2 = config.model_type == "qwen2";
  config.qk_norm = config.model_type == "qwen3";
  config.qkv_bias = qwen2 || (attention_bias && (llama || config.qk_norm));
  config.o_bias = attention_bias && (llama || config.qk_norm);
  config.mlp_bias = mlp_bias && llama;
  config.tied_head = reader.boolean("tie_word_embeddings").value_or(false);
  config.rms_norm_eps = reader.positive("rms_norm_eps").value_or(default_eps);
  const auto activation = reader.text("hidden_act").value_or("silu");
  if (activation != "silu") {
    reader.note("hidden_act", fmt::format("is \"{}\", which is not supported", activation), "only silu is");
  }
  if (reader.has("quantization_config")) {
    reader.note("quantization_config", "says that the weights are quantised", "use the F32, F16 or BF16 weights");
  }
}

void read_window(JsonReader& reader, ModelConfig& config) {
  const bool given = reader.object().contains("sliding_window");
  const auto window = reader.integer("sliding_window", 1, largest_size);
  if (config.model_type == "mistral") {
    config.sliding_window = given ? window : std::optional{mistral_window};
  } else if (config.model_type != "llama" && reader.boolean("use_sliding_window").value_or(false)) {
    // Qwen's layers below max_window_layers attend to everything.
    const auto full_layers = reader.integer("max_window_layers", 0, largest_size).value_or(0);
    if (full_layers < config.layers) config.sliding_window = window;
  }
}

std::optional<std::int64_t> read_token(JsonReader& reader, const std::string& key) {
  if (!reader.has(key) || !reader.object().at(key).is_array()) return reader.integer(key, 0, largest_size);
  // Llama 3 lists several ends of text; the first is the model's own.
  const json& tokens = reader.object().at(key);
  if (!tokens.empty() && tokens.front().is_number_unsigned()) return tokens.front().get<std::int64_t>();
  reader.note(key, "is a list without a token id in front", "use a token id or a list of them");
  return std::nullopt;
}

json scaling_json(const RopeScaling& scaling) {
  if (const auto* linear = std::get_if<LinearRopeScaling>(&scaling)) {
    return {{"rope_type", "linear"}, {"factor", linear->factor}};
  }
  if (const auto* llama3 = std::get_if<Llama3RopeScaling>(&scaling)) {
    return {{"rope_type", "llama3"},
            {"factor", llama3->factor},
            {"low_freq_factor", llama3->low_frequency_factor},
            {"high_freq_factor", llama3->high_frequency_factor},
            {"original_max_position_embeddings", llama3->original_positions}};
  }
  return nullptr;
}

template <class T>
json optional_json(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

void read_layer_widths(JsonReader& reader, ModelConfig& config) {
  if (!reader.has(layers_key)) return;
  const auto refuse = [&](std::string problem) {
    reader.note(layers_key, std::move(problem), "prune the base again: `edgefuse prune` writes this key");
  };
  const json& rows = reader.object().at(layers_key);
  if (!rows.is_array() || std::ssize(rows) != config.layers)
    return refuse(fmt::format("is no list of {} layers", config.layers));
  for (const json& row : rows) {
    const bool pair = row.is_array() && row.size() == 2 && row[0].is_number_integer() && row[1].is_number_integer();
    if (!pair) return refuse("holds something other than [KV heads, neurons]");
    const LayerWidths widths{.kv_heads = row[0].get<std::int64_t>(), .neurons = row[1].get<std::int64_t>()};
    if (widths.kv_heads < 0 || widths.kv_heads > config.kv_heads || widths.neurons < 0 ||
        widths.neurons > config.intermediate)
      return refuse(fmt::format("holds [{}, {}], outside num_key_value_heads {} and intermediate_size {}",
                                widths.kv_heads, widths.neurons, config.kv_heads, config.intermediate));
    config.layer_widths.push_back(widths);
  }
}

}  // namespace

ModelConfig read_config(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  if (!std::filesystem::exists(file)) {
    throw InputError{Mistake{.file = file.string(),
                             .problem = "is missing",
                             .remedy = "name a Hugging Face model folder, the one that holds config.json"}};
  }
  const json object = read_json_object(file);
  JsonReader reader{object, file};
  ModelConfig config;
  config.model_type = read_model_type(reader);
  read_sizes(reader, config);
  const Rope rope = read_rope(reader, file);
  config.rope_theta = rope.theta;
  config.rope_scaling = rope.scaling;
  read_architecture(reader, config);
  read_window(reader, config);
  config.bos_token = read_token(reader, "bos_token_id");
  config.eos_token = read_token(reader, "eos_token_id");
  read_layer_widths(reader, config);
  reader.throw_mistakes();
  return config;
}

void write_config(const ModelConfig& config, const std::filesystem::path& folder) {
  const auto type = std::find(model_types.begin(), model_types.end(), config.model_type);
  EDGEFUSE_EXPECTS(type != model_types.end(), "a model type that transformers knows");
  const bool qwen2 = config.model_type == "qwen2";
  EDGEFUSE_EXPECTS(qwen2 ? config.qkv_bias && !config.o_bias : config.qkv_bias == config.o_bias,
                   "biases that config.json can express");

  json object = {{"architectures", {architectures[static_cast<std::size_t>(type - model_types.begin())]}},
                 {"model_type", config.model_type},
                 {"hidden_size", config.hidden},
                 {"intermediate_size", config.intermediate},
                 {"num_hidden_layers", config.layers},
                 {"num_attention_heads", config.heads},
                 {"num_key_value_heads", config.kv_heads},
                 {"head_dim", config.head_dim},
                 {"vocab_size", config.vocabulary},
                 {"max_position_embeddings", config.max_positions},
                 // transformers 5 reads this older pair too and turns it into its rope_parameters.
                 {"rope_theta", config.rope_theta},
                 {"rope_scaling", scaling_json(config.rope_scaling)},
                 {"rms_norm_eps", config.rms_norm_eps},
                 {"tie_word_embeddings", config.tied_head},
                 {"hidden_act", "silu"},
                 {"bos_token_id", optional_json(config.bos_token)},
                 {"eos_token_id", optional_json(config.eos_token)}};
  if (!qwen2) object["attention_bias"] = config.qkv_bias;
  if (config.model_type == "llama") {
    object["mlp_bias"] = config.mlp_bias;
  } else {
    object["sliding_window"] = optional_json(config.sliding_window);
  }
  for (const auto& [kv_heads, neurons] : config.layer_widths)
    object[layers_key].push_back({kv_heads, neurons});
  if (qwen2 || config.qk_norm) {
    object["use_sliding_window"] = config.sliding_window.has_value();
    object["max_window_layers"] = config.sliding_window ? 0 : config.layers;
  }
  write_text_file(folder / "config.json", object.dump(2) + "\n");
}

}  // namespace edgefuse::llm
