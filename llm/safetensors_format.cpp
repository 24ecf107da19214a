#include "llm/safetensors_format.hpp"

#include <array>

namespace edgefuse::llm {
namespace {

struct DtypeName {
  std::string_view name;
  at::ScalarType type;
};
constexpr std::array dtype_names = {
    DtypeName{"F64", at::kDouble},    DtypeName{"F32", at::kFloat}, DtypeName{"F16", at::kHalf},
    DtypeName{"BF16", at::kBFloat16}, DtypeName{"I64", at::kLong},  DtypeName{"I32", at::kInt},
    DtypeName{"I16", at::kShort},     DtypeName{"I8", at::kChar},   DtypeName{"U8", at::kByte},
    DtypeName{"BOOL", at::kBool},
};

}  // namespace

std::optional<at::ScalarType> dtype_of(std::string_view name) {
  for (const auto& [known, type] : dtype_names) {
    if (known == name) return type;
  }
  return std::nullopt;
}

std::string_view name_of(at::ScalarType type) {
  for (const auto& [name, known] : dtype_names) {
    if (known == type) return name;
  }
  return {};
}

}  // namespace edgefuse::llm
