#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include "llm/adapter.hpp"
#include "llm/module_id.hpp"
#include "llm/safetensors.hpp"
#include "llm/variant.hpp"

namespace edgefuse::llm {

/// What to make of a target that the config names and the file lacks in some layer: damage, or a module that was not
/// adapted.
enum class MissingTargets : std::uint8_t { refused, allowed };

/// PEFT's `adapter_config.json` and `adapter_model.safetensors`, whose factors are read module by module.
class AdapterFolder {
 public:
  /// Reads the config and checks the factors' names, types and shapes. DoRA, biases, saved modules and targets outside
  /// the seven projections are refused. Throws InputError with every mistake of a file at once.
  explicit AdapterFolder(const std::filesystem::path& folder, MissingTargets missing = MissingTargets::refused);

  [[nodiscard]] const LoraSpec& spec() const { return spec_; }
  /// With the module's own rank and alpha, where `rank_pattern` and `alpha_pattern` give it some.
  [[nodiscard]] LoraSpec spec(ModuleId id) const;
  /// Whether some module's are not the adapter's.
  [[nodiscard]] bool has_patterns() const { return !own_.empty(); }
  /// Every adapted module and the shape of its ΔW, in module order.
  [[nodiscard]] const std::map<ModuleId, MatrixShape>& modules() const { return modules_; }

  /// One of `modules()`, float32. Throws InputError when a number is not finite.
  [[nodiscard]] LoraFactors read(ModuleId id) const;

 private:
  LoraSpec spec_;
  SafetensorsFile file_;
  std::map<ModuleId, MatrixShape> modules_;
  std::map<ModuleId, LoraSpec> own_;  // of modules whose rank or alpha is not the adapter's
};

}  // namespace edgefuse::llm
