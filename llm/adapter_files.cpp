#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/json_reader.hpp"
#include "llm/safetensors.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"
#include "sim/output_file.hpp"
#include "sim/output_folder.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

constexpr std::string_view key_prefix = "base_model.model.";
constexpr std::string_view a_suffix = ".lora_A.weight";
constexpr std::string_view b_suffix = ".lora_B.weight";
constexpr std::int64_t largest_rank = std::numeric_limits<std::int32_t>::max();
constexpr std::string_view plain_lora_only = "only plain LoRA is read: train it without this";

/// Features of PEFT that change what the factors mean, and are not read.
constexpr std::array<std::string_view, 11> must_be_off = {
    "fan_in_fan_out",    "lora_bias",         "modules_to_save",
    "rank_pattern",      "alpha_pattern",     "alora_invocation_tokens",
    "layer_replication", "target_parameters", "trainable_token_indices",
    "loftq_config",      "megatron_config"};
/// Initialisations that leave the base as it is. The others (PiSSA, OLoRA, CorDA, LoftQ, ...) change its weights, so
/// their adapters do not fit the base that we load.
constexpr std::array<std::string_view, 3> harmless_inits = {"gaussian", "eva", "orthogonal"};

/// null, false, and the empty string, list or object.
bool is_off(const json& value) {
  return value.is_null() || value == false || (value.is_string() && value.get<std::string>().empty()) ||
         (value.is_structured() && value.empty());
}

bool must_be_off_by_name(const std::string& key) {
  if (std::find(must_be_off.begin(), must_be_off.end(), key) != must_be_off.end()) return true;
  return (key.starts_with("use_") && key != "use_rslora") || (key.ends_with("_config") && key != "eva_config");
}

void check_features(JsonReader& reader) {
  if (const auto type = reader.require("peft_type", reader.text("peft_type")); !type.empty() && type != "LORA") {
    reader.note("peft_type", fmt::format("is \"{}\"", type), "only LORA is read");
  }
  if (const auto bias = reader.text("bias").value_or("none"); bias != "none") {
    reader.note("bias", fmt::format("is \"{}\"", bias), std::string{plain_lora_only});
  }
  for (const auto& [key, value] : reader.object().items()) {
    if (must_be_off_by_name(key) && !is_off(value)) {
      reader.note(key, fmt::format("is {}", value.dump()), std::string{plain_lora_only});
    }
  }
  const json init = reader.object().value("init_lora_weights", json(true));
  const bool harmless = init.is_boolean() || init.is_null() ||
                        (init.is_string() && std::find(harmless_inits.begin(), harmless_inits.end(),
                                                       init.get<std::string>()) != harmless_inits.end());
  if (!harmless) {
    reader.note("init_lora_weights", fmt::format("is {}, which changes the base's weights", init.dump()),
                "convert the adapter to plain LoRA (PEFT: path_initial_model_for_weight_conversion)");
  }
}

/// What `target_modules` promises to be in the file.
struct Targets {
  std::vector<Projection> projections;  // in every layer
  std::vector<ModuleId> modules;        // one by one
  bool any = false;                     // a pattern: whatever the file has
};

Targets read_targets(JsonReader& reader) {
  Targets targets;
  const json value = reader.object().value("target_modules", json{});
  if (value.is_string()) {
    targets.any = value != "all-linear";
    if (!targets.any) targets.projections.assign(all_projections.begin(), all_projections.end());
    return targets;
  }
  if (!value.is_array() || value.empty()) {
    reader.note("target_modules", value.is_null() ? "is missing" : "is no list of names", "name q_proj and so on");
    return targets;
  }
  for (const json& name : value) {
    const auto text = name.is_string() ? name.get<std::string>() : std::string{};
    const auto last = text.substr(text.rfind('.') + 1);
    if (const auto id = ModuleId::parse(text)) {
      targets.modules.push_back(*id);
    } else if (const auto p = parse_projection(last); p && last == projection_name(*p)) {
      targets.projections.push_back(*p);
    } else {
      reader.note("target_modules", fmt::format("names {}", name.dump()),
                  "only q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj and down_proj can be adapted");
    }
  }
  return targets;
}

/// The factors of the file by module, each checked against the rank; what is missing is noted.
class FactorReader {
 public:
  FactorReader(const SafetensorsFile& file, std::int64_t rank) : file_{file}, rank_{rank} {}

  std::map<ModuleId, LoraFactors> read() {
    std::map<ModuleId, LoraFactors> modules;
    for (const auto& [name, entry] : file_.entries()) {
      const bool is_a = name.ends_with(a_suffix);
      const auto id = module_of(name);
      if (!id) {
        note(name, "is no LoRA factor of one of the seven projections", plain_lora_only);
      } else if (entry.shape.size() != 2 || entry.shape[is_a ? 0 : 1] != rank_) {
        note(name, fmt::format("is not of rank {}, which adapter_config.json gives as r", rank_),
             "adapter_config.json and the factors must belong together");
      } else {
        (is_a ? modules[*id].a : modules[*id].b) = read_finite(name);
      }
    }
    for (const auto& [id, factors] : modules) {
      if (!factors.a.defined()) note_missing(id, a_suffix);
      if (!factors.b.defined()) note_missing(id, b_suffix);
    }
    if (modules.empty() && mistakes_.empty()) note({}, "holds no factors", "train the adapter again");
    return modules;
  }

  void require(const std::map<ModuleId, LoraFactors>& modules, const ModuleId& id) {
    if (modules.count(id) != 0) return;
    note_missing(id, a_suffix);
    note_missing(id, b_suffix);
  }
  void throw_mistakes() const {
    if (!mistakes_.empty()) throw InputError{mistakes_};
  }

 private:
  static std::optional<ModuleId> module_of(std::string_view name) {
    if (!name.starts_with(key_prefix) || !(name.ends_with(a_suffix) || name.ends_with(b_suffix))) return std::nullopt;
    const auto length = name.size() - key_prefix.size() - a_suffix.size();
    return ModuleId::parse(name.substr(key_prefix.size(), length));
  }
  at::Tensor read_finite(const std::string& name) {
    at::Tensor tensor = file_.read(name, at::kFloat);
    if (!at::isfinite(tensor).all().item<bool>()) {
      note(name, "holds numbers that are not finite", "train the adapter again with a smaller learning rate");
    }
    return tensor;
  }
  void note_missing(const ModuleId& id, std::string_view suffix) {
    note(fmt::format("{}{}{}", key_prefix, id.name(), suffix), "is missing",
         "adapter_config.json and the factors must belong together");
  }
  void note(std::string key, std::string problem, std::string_view remedy) {
    mistakes_.push_back({file_.path().string(), 0, std::move(key), std::move(problem), std::string{remedy}});
  }

  const SafetensorsFile& file_;
  std::int64_t rank_;
  std::vector<Mistake> mistakes_;
};

void require_targets(FactorReader& reader, const std::map<ModuleId, LoraFactors>& modules, const Targets& targets,
                     bool every_layer) {
  for (const ModuleId& id : targets.modules)
    reader.require(modules, id);
  if (modules.empty()) return;
  const auto layers = modules.rbegin()->first.layer + 1;
  for (std::int32_t layer = 0; every_layer && layer < layers; ++layer) {
    for (const Projection p : targets.projections)
      reader.require(modules, {layer, p});
  }
}

std::vector<Projection> projections_of(const std::map<ModuleId, LoraFactors>& modules) {
  std::set<Projection> used;
  for (const auto& [id, factors] : modules)
    used.insert(id.projection);
  return {used.begin(), used.end()};
}

/// A whole number stays one: that is how PEFT writes it.
json alpha_json(double alpha) {
  const bool whole = alpha == std::floor(alpha) && std::abs(alpha) < 1e15;
  return whole ? json(static_cast<std::int64_t>(alpha)) : json(alpha);
}

/// Short names when every layer up to the last has every target, else each module's own name.
json target_names(const Adapter& adapter) {
  json names = json::array();
  const auto targets = projections_of(adapter.modules);
  const auto layers = static_cast<std::size_t>(adapter.modules.rbegin()->first.layer + 1);
  if (adapter.modules.size() == layers * targets.size()) {
    for (const Projection p : targets)
      names.push_back(projection_name(p));
  } else {
    for (const auto& [id, factors] : adapter.modules)
      names.push_back(id.name());
  }
  return names;
}

}  // namespace

Adapter load_adapter(const std::filesystem::path& folder) {
  const auto config_file = folder / "adapter_config.json";
  const auto factors_file = folder / "adapter_model.safetensors";
  std::vector<Mistake> missing;
  for (const auto& file : {config_file, factors_file}) {
    if (std::filesystem::exists(file)) continue;
    missing.push_back({file.string(), 0, {}, "is missing", "name a folder that PEFT saved, with safetensors"});
  }
  if (!missing.empty()) throw InputError{std::move(missing)};

  const json config = read_json_object(config_file);
  JsonReader reader{config, config_file};
  check_features(reader);
  Adapter adapter;
  adapter.spec.rank = reader.require("r", reader.integer("r", 1, largest_rank));
  adapter.spec.alpha = reader.require("lora_alpha", reader.positive("lora_alpha"));
  adapter.spec.rslora = reader.boolean("use_rslora").value_or(false);
  const Targets targets = read_targets(reader);
  reader.throw_mistakes();

  const SafetensorsFile file{factors_file};
  FactorReader factors{file, adapter.spec.rank};
  adapter.modules = factors.read();
  require_targets(factors, adapter.modules, targets, !reader.has("layers_to_transform"));
  factors.throw_mistakes();
  adapter.spec.targets = projections_of(adapter.modules);
  return adapter;
}

void save_adapter(const Adapter& adapter, const std::filesystem::path& folder) {
  EDGEFUSE_EXPECTS(!adapter.modules.empty(), "an adapter adapts something");
  const json config = {{"peft_type", "LORA"},
                       {"task_type", "CAUSAL_LM"},
                       {"base_model_name_or_path", nullptr},
                       {"r", adapter.spec.rank},
                       {"lora_alpha", alpha_json(adapter.spec.alpha)},
                       {"use_rslora", adapter.spec.rslora},
                       {"lora_dropout", 0.0},
                       {"bias", "none"},
                       {"target_modules", target_names(adapter)},
                       {"fan_in_fan_out", false},
                       {"inference_mode", true},
                       {"init_lora_weights", true},
                       {"use_dora", false},
                       {"modules_to_save", nullptr},
                       {"rank_pattern", json::object()},
                       {"alpha_pattern", json::object()}};
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [id, factors] : adapter.modules) {
    tensors[fmt::format("{}{}{}", key_prefix, id.name(), a_suffix)] = factors.a.to(at::kFloat);
    tensors[fmt::format("{}{}{}", key_prefix, id.name(), b_suffix)] = factors.b.to(at::kFloat);
  }
  OutputFolder files{folder};
  write_text_file(files.partial() / "adapter_config.json", config.dump(2) + "\n");
  write_safetensors(files.partial() / "adapter_model.safetensors", tensors);
  files.commit("adapter_config.json");
}

}  // namespace edgefuse::llm
