#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace edgefuse::server {

/// What a fusion rule may have to know of clients' data beside their updates.
enum class Reveals : std::uint8_t { nothing, gram, fisher };

/// Every kind but nothing, and what files call it: "gram" and "fisher".
inline constexpr std::array<Reveals, 2> all_reveals = {Reveals::gram, Reveals::fisher};
[[nodiscard]] std::string_view name_of(Reveals what);

/// What a client revealed about one module; undefined what it did not.
struct ModuleStatistics {
  at::Tensor gram;    // mean of x·x' over the module's inputs [in, in]
  at::Tensor fisher;  // mean of the squared gradients of its texts' losses [out, in]

  [[nodiscard]] const at::Tensor& of(Reveals what) const { return what == Reveals::gram ? gram : fisher; }
};

}  // namespace edgefuse::server
