#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "llm/module_id.hpp"

namespace edgefuse::llm {

// How PEFT names the factors of a module in adapter_model.safetensors.

inline constexpr std::string_view key_prefix = "base_model.model.";
inline constexpr std::string_view a_suffix = ".lora_A.weight";
inline constexpr std::string_view b_suffix = ".lora_B.weight";

[[nodiscard]] inline std::string factor_key(const ModuleId& id, std::string_view suffix) {
  return fmt::format("{}{}{}", key_prefix, id.name(), suffix);
}

}  // namespace edgefuse::llm
