#pragma once

#include <ATen/core/Tensor.h>

namespace edgefuse::server {

/// -1 for each row [k, n] whose first largest magnitude is negative, else 1; float64, [k]. Factors are known only up to
/// the sign of a row of A and a column of B together: times this, that sign is settled.
[[nodiscard]] at::Tensor row_signs(const at::Tensor& rows);

}  // namespace edgefuse::server
