#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/adapter_folder.hpp"
#include "llm/adapter_keys.hpp"
#include "llm/safetensors.hpp"
#include "sim/expects.hpp"
#include "sim/mistakes.hpp"
#include "sim/output_file.hpp"
#include "sim/output_folder.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

/// A whole number stays one: that is how PEFT writes it.
json alpha_json(double alpha) {
  const bool whole = alpha == std::floor(alpha) && std::abs(alpha) < 1e15;
  return whole ? json(static_cast<std::int64_t>(alpha)) : json(alpha);
}

/// Short names when every layer up to the last has every target, else each module's own name.
json target_names(const Adapter& adapter) {
  json names = json::array();
  std::set<Projection> targets;
  for (const auto& [id, factors] : adapter.modules)
    targets.insert(id.projection);
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
  const AdapterFolder files{folder};
  if (files.has_patterns())
    throw InputError{Mistake{.file = (folder / "adapter_config.json").string(),
                             .key = "rank_pattern",
                             .problem = "or alpha_pattern gives some modules another rank or alpha",
                             .remedy = "edgefuse fuse makes one adapter of one rank of it"}};
  Adapter adapter{.spec = files.spec(), .modules = {}};
  Mistakes mistakes;
  for (const auto& [id, shape] : files.modules())
    if (auto factors = mistakes.attempt([&] { return files.read(id); }))
      adapter.modules.emplace(id, std::move(*factors));
  mistakes.finish();
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
    tensors[factor_key(id, a_suffix)] = factors.a.to(at::kFloat);
    tensors[factor_key(id, b_suffix)] = factors.b.to(at::kFloat);
  }
  OutputFolder files{folder};
  write_text_file(files.partial() / "adapter_config.json", config.dump(2) + "\n");
  write_safetensors(files.partial() / "adapter_model.safetensors", tensors);
  files.commit("adapter_config.json");
}

}  // namespace edgefuse::llm
