#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace edgefuse::llm {

/// The header's length comes first, as an unsigned number of so many bytes.
inline constexpr std::size_t length_bytes = 8;

/// What a safetensors header calls a type; empty for types the format lacks.
[[nodiscard]] std::string_view name_of(at::ScalarType type);
/// The inverse.
[[nodiscard]] std::optional<at::ScalarType> dtype_of(std::string_view name);

}  // namespace edgefuse::llm
