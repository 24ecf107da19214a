#include "server/fusion/row_signs.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace edgefuse::server {

at::Tensor row_signs(const at::Tensor& rows) {
  auto result = at::ones({rows.size(0)}, at::kDouble);
  if (rows.numel() == 0) return result;
  const auto numbers = rows.to(at::kDouble).contiguous();
  for (std::int64_t row = 0; row < rows.size(0); ++row) {
    const auto* first = numbers.data_ptr<double>() + row * rows.size(1);
    const auto* largest =
        std::max_element(first, first + rows.size(1), [](double x, double y) { return std::abs(x) < std::abs(y); });
    if (*largest < 0) result.data_ptr<double>()[row] = -1;
  }
  return result;
}

}  // namespace edgefuse::server
