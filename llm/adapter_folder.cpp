#include "llm/adapter_folder.hpp"

#include <algorithm>
#include <array>
#include <functional>
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

#include "llm/adapter_keys.hpp"
#include "llm/json_reader.hpp"
#include "llm/module_patterns.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

constexpr std::int64_t largest_rank = std::numeric_limits<std::int32_t>::max();
constexpr std::string_view plain_lora_only = "only plain LoRA is read: train it without this";

/// Features of PEFT that change what the factors mean, and are not read.
constexpr std::array<std::string_view, 9> must_be_off = {
    "fan_in_fan_out",          "lora_bias",         "modules_to_save",
    "alora_invocation_tokens", "layer_replication", "target_parameters",
    "trainable_token_indices", "loftq_config",      "megatron_config"};
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

/// The shapes of the file's factors by module, each checked against its rank; what is missing is noted.
class FactorCheck {
 public:
  using RankOf = std::function<std::int64_t(ModuleId)>;
  FactorCheck(const SafetensorsFile& file, RankOf rank) : file_{file}, rank_{std::move(rank)} {}

  std::map<ModuleId, MatrixShape> modules() {
    std::map<ModuleId, MatrixShape> found;
    for (const auto& [name, entry] : file_.entries()) {
      const bool is_a = name.ends_with(a_suffix);
      const auto id = module_of(name);
      if (!id) {
        note(name, "is no LoRA factor of one of the seven projections", plain_lora_only);
      } else if (entry.shape.size() != 2 || entry.shape[is_a ? 0 : 1] != rank_(*id)) {
        note(name, fmt::format("is not of rank {}, which adapter_config.json gives it", rank_(*id)),
             "adapter_config.json and the factors must belong together");
      } else {
        auto& shape = found.try_emplace(*id, MatrixShape{.out = unknown, .in = unknown}).first->second;
        (is_a ? shape.in : shape.out) = entry.shape[is_a ? 1 : 0];
      }
    }
    for (const auto& [id, shape] : found) {
      if (shape.in == unknown) note_missing(id, a_suffix);
      if (shape.out == unknown) note_missing(id, b_suffix);
    }
    if (found.empty() && mistakes_.empty()) note({}, "holds no factors", "train the adapter again");
    return found;
  }

  void require(const std::map<ModuleId, MatrixShape>& modules, const ModuleId& id) {
    if (modules.count(id) != 0) return;
    note_missing(id, a_suffix);
    note_missing(id, b_suffix);
  }
  void throw_mistakes() const {
    if (!mistakes_.empty()) throw InputError{mistakes_};
  }

 private:
  static constexpr std::int64_t unknown = -1;

  static std::optional<ModuleId> module_of(std::string_view name) {
    if (!name.starts_with(key_prefix) || !(name.ends_with(a_suffix) || name.ends_with(b_suffix))) return std::nullopt;
    const auto length = name.size() - key_prefix.size() - a_suffix.size();
    return ModuleId::parse(name.substr(key_prefix.size(), length));
  }
  void note_missing(const ModuleId& id, std::string_view suffix) {
    note(factor_key(id, suffix), "is missing", "adapter_config.json and the factors must belong together");
  }
  void note(std::string key, std::string problem, std::string_view remedy) {
    mistakes_.push_back({file_.path().string(), 0, std::move(key), std::move(problem), std::string{remedy}});
  }

  const SafetensorsFile& file_;
  RankOf rank_;
  std::vector<Mistake> mistakes_;
};

void require_targets(FactorCheck& check, const std::map<ModuleId, MatrixShape>& modules, const Targets& targets,
                     bool every_layer) {
  for (const ModuleId& id : targets.modules)
    check.require(modules, id);
  if (modules.empty()) return;
  const auto layers = modules.rbegin()->first.layer + 1;
  for (std::int32_t layer = 0; every_layer && layer < layers; ++layer) {
    for (const Projection p : targets.projections)
      check.require(modules, {layer, p});
  }
}

std::vector<Projection> projections_of(const std::map<ModuleId, MatrixShape>& modules) {
  std::set<Projection> used;
  for (const auto& [id, shape] : modules)
    used.insert(id.projection);
  return {used.begin(), used.end()};
}

std::optional<std::int64_t> rank_in(std::optional<double> pattern) {
  if (!pattern) return std::nullopt;
  return static_cast<std::int64_t>(std::min(*pattern, static_cast<double>(largest_rank)));
}

/// Both files are there.
std::filesystem::path complete(const std::filesystem::path& folder) {
  std::vector<Mistake> missing;
  for (const auto* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    if (std::filesystem::exists(folder / name)) continue;
    missing.push_back(
        {(folder / name).string(), 0, {}, "is missing", "name a folder that PEFT saved, with safetensors"});
  }
  if (!missing.empty()) throw InputError{std::move(missing)};
  return folder;
}

}  // namespace

AdapterFolder::AdapterFolder(const std::filesystem::path& folder, MissingTargets missing)
    : file_{complete(folder) / "adapter_model.safetensors"} {
  const auto config_file = folder / "adapter_config.json";
  const json config = read_json_object(config_file);
  JsonReader reader{config, config_file};
  check_features(reader);
  spec_.rank = reader.require("r", reader.integer("r", 1, largest_rank));
  spec_.alpha = reader.require("lora_alpha", reader.positive("lora_alpha"));
  spec_.rslora = reader.boolean("use_rslora").value_or(false);
  const Targets targets = read_targets(reader);
  const ModulePatterns ranks{reader, "rank_pattern"};
  const ModulePatterns alphas{reader, "alpha_pattern"};
  ranks.require_whole(reader);
  reader.throw_mistakes();

  // Each module's once: what is wrong with its patterns is noted as often.
  const auto rank_of = [&](ModuleId id) {
    const auto [own, is_new] = own_.try_emplace(id, spec_);
    if (is_new) {
      own->second.rank = rank_in(ranks.of(id, reader)).value_or(spec_.rank);
      own->second.alpha = alphas.of(id, reader).value_or(spec_.alpha);
    }
    return own->second.rank;
  };
  FactorCheck check{file_, rank_of};
  modules_ = check.modules();
  std::erase_if(
      own_, [&](const auto& module) { return module.second.rank == spec_.rank && module.second.alpha == spec_.alpha; });
  reader.throw_mistakes();
  if (missing == MissingTargets::refused) require_targets(check, modules_, targets, !reader.has("layers_to_transform"));
  check.throw_mistakes();
  spec_.targets = projections_of(modules_);
}

LoraSpec AdapterFolder::spec(ModuleId id) const {
  auto spec = spec_;
  if (const auto own = own_.find(id); own != own_.end()) {
    spec.rank = own->second.rank;
    spec.alpha = own->second.alpha;
  }
  return spec;
}

LoraFactors AdapterFolder::read(ModuleId id) const {
  EDGEFUSE_EXPECTS(modules_.count(id) != 0, "a module that the adapter has");
  std::vector<Mistake> mistakes;
  const auto read_finite = [&](std::string_view suffix) {
    const auto key = factor_key(id, suffix);
    at::Tensor tensor = file_.read(key, at::kFloat);
    if (!at::isfinite(tensor).all().item<bool>())
      mistakes.push_back({file_.path().string(), 0, key, "holds numbers that are not finite",
                          "train the adapter again with a smaller learning rate"});
    return tensor;
  };
  LoraFactors factors{.a = read_finite(a_suffix), .b = read_finite(b_suffix)};
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return factors;
}

}  // namespace edgefuse::llm
