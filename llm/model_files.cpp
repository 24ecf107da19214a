#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "llm/checkpoint.hpp"
#include "llm/checks.hpp"
#include "llm/model.hpp"
#include "llm/safetensors.hpp"
#include "llm/tensor_names.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/output_folder.hpp"

namespace edgefuse::llm {
namespace {

constexpr std::string_view head_name = "lm_head.weight";
constexpr std::string_view config_or_weights = "config.json and the weights must belong together";
constexpr std::size_t most_listed = 20;

bool is_weight_type(at::ScalarType type) {
  return type == at::kFloat || type == at::kHalf || type == at::kBFloat16 || type == at::kDouble;
}

/// Empty when the checkpoint holds what the slot demands.
std::vector<Mistake> check_slot(const TensorSlot& slot, const Checkpoint& checkpoint) {
  const auto mistake = [&](const std::filesystem::path& file, std::string problem, std::string_view remedy) {
    return std::vector{Mistake{file.string(), 0, slot.name, std::move(problem), std::string{remedy}}};
  };
  if (checkpoint.names().find(slot.name) == checkpoint.names().end()) {
    return mistake(checkpoint.path(), "is missing",
                   slot.name == head_name ? "set tie_word_embeddings in config.json if the head is the embedding"
                                          : config_or_weights);
  }
  const SafetensorsFile& file = checkpoint.file_of(slot.name);
  const TensorEntry& entry = file.entries().find(slot.name)->second;
  if (entry.shape != slot.shape) {
    return mistake(
        file.path(),
        fmt::format("has shape {} where config.json demands {}", shape_text(entry.shape), shape_text(slot.shape)),
        config_or_weights);
  }
  if (!is_weight_type(entry.dtype)) {
    return mistake(file.path(), "is stored as whole numbers", "use the F32, F16 or BF16 weights");
  }
  return {};
}

/// A tensor inside a block that the architecture does not have would change what the model computes; rotary tables,
/// which old checkpoints hold, are computed here.
bool may_be_ignored(std::string_view name) {
  return !name.starts_with("model.layers.") || name.ends_with(".rotary_emb.inv_freq");
}

void check(const std::vector<TensorSlot>& slots, const Checkpoint& checkpoint) {
  std::vector<Mistake> mistakes;
  std::set<std::string_view> demanded;
  for (const TensorSlot& slot : slots) {
    demanded.insert(slot.name);
    for (Mistake& mistake : check_slot(slot, checkpoint))
      mistakes.push_back(std::move(mistake));
  }
  for (const auto& [name, file] : checkpoint.names()) {
    if (demanded.count(name) == 0 && !may_be_ignored(name)) {
      mistakes.push_back({checkpoint.file_of(name).path().string(), 0, name,
                          "is a tensor that the model of config.json does not have", std::string{config_or_weights}});
    }
  }
  if (mistakes.size() > most_listed) {
    const auto more = mistakes.size() - most_listed;
    mistakes.resize(most_listed);
    mistakes.push_back({checkpoint.path().string(), 0, {}, fmt::format("and {} more mistakes like these", more), {}});
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

/// Some checkpoints hold a tied head a second time. A different one contradicts the config.
void check_tied_head(const Model& model, const Checkpoint& checkpoint) {
  if (checkpoint.names().find(head_name) == checkpoint.names().end()) return;
  const SafetensorsFile& file = checkpoint.file_of(std::string{head_name});
  if (!at::equal(file.read(head_name, model.embedding.scalar_type()), model.embedding)) {
    throw InputError{Mistake{.file = file.path().string(),
                             .key = std::string{head_name},
                             .problem = "differs from the embedding although tie_word_embeddings is true",
                             .remedy = "set tie_word_embeddings to false in config.json if it is a head of its own"}};
  }
}

/// The config of the model as it stands: a variant is narrower than its base, in every layer alike or not.
ModelConfig config_of(const Model& model) {
  ModelConfig config = model.config;
  std::vector<LayerWidths> widths;
  for (std::size_t i = 0; i < model.layers.size(); ++i)
    widths.push_back({.kv_heads = model.kv_heads(i), .neurons = model.layers[i].gate.out()});
  const bool even = std::ranges::all_of(widths, [&](const LayerWidths& w) { return w == widths.front(); });
  if (even && widths.front().kv_heads > 0 && widths.front().neurons > 0) {
    config.kv_heads = widths.front().kv_heads;
    config.heads = config.kv_heads * model.config.group();
    config.intermediate = widths.front().neurons;
    config.layer_widths.clear();
  } else {
    config.layer_widths = std::move(widths);
  }
  return config;
}

bool has_biases_of_its_own(const Model& model) {
  return std::ranges::any_of(model.layers, [&](const Layer& layer) {
    return std::ranges::any_of(all_projections, [&](Projection p) {
      return layer.projection(p).bias.defined() && !has_bias(model.config, p);
    });
  });
}

/// A pruner may have given o and down biases that the architecture lacks. Llama with all its biases can say the same;
/// those nobody asked for are zero.
Model with_every_bias(const Model& model, const std::filesystem::path& folder) {
  if (model.config.qk_norm || model.config.sliding_window)
    throw InputError{
        Mistake{.file = folder.string(),
                .problem = fmt::format("cannot hold biases of o and down in a {} model", model.config.model_type),
                .remedy = "prune without compensation: --set bias=false"}};
  Model result = model;
  result.config.model_type = "llama";
  result.config.qkv_bias = result.config.o_bias = result.config.mlp_bias = true;
  for (auto& layer : result.layers)
    for (const auto p : all_projections)
      if (auto& linear = layer.projection(p); !linear.bias.defined())
        linear.bias = at::zeros({linear.out()}, linear.weight.options());
  return result;
}

}  // namespace

Model load_model(const std::filesystem::path& folder, at::ScalarType dtype) {
  Model model;
  model.config = read_config(folder);
  const Checkpoint checkpoint{folder};
  const auto slots = tensor_slots(model);
  check(slots, checkpoint);
  for (const TensorSlot& slot : slots) {
    *slot.place = checkpoint.file_of(slot.name).read(slot.name, dtype);
    if (!at::isfinite(*slot.place).all().item<bool>())
      throw InputError{Mistake{.file = checkpoint.file_of(slot.name).path().string(),
                               .key = slot.name,
                               .problem = "holds numbers that are not finite",
                               .remedy = "use a model whose training did not diverge"}};
  }
  if (model.config.tied_head) {
    check_tied_head(model, checkpoint);
    model.head = model.embedding;
  }
  return model;
}

void save_model(const Model& given, const std::filesystem::path& folder, at::ScalarType dtype) {
  EDGEFUSE_EXPECTS(is_weight_type(dtype), "weights are floating-point numbers");
  const Model model = has_biases_of_its_own(given) ? with_every_bias(given, folder) : given;
  const ModelConfig config = config_of(model);
  std::map<std::string, at::Tensor> tensors;
  for (auto& [name, tensor] : named_tensors(model)) {
    const at::Tensor& stored = tensors.emplace(name, tensor.to(dtype)).first->second;
    // F16 ends at 65504: a weight beyond it would silently become infinite.
    if (!at::isfinite(stored).all().item<bool>() && at::isfinite(tensor).all().item<bool>()) {
      throw InputError{Mistake{.file = (folder / "model.safetensors").string(),
                               .key = name,
                               .problem = "holds numbers too large for the type it is to be saved in",
                               .remedy = "save as BF16 or F32"}};
    }
  }
  OutputFolder files{folder};
  write_config(config, files.partial());
  write_safetensors(files.partial() / "model.safetensors", tensors);
  files.commit("config.json");
}

}  // namespace edgefuse::llm
