#include "server/conflict/scaled.hpp"

#include <ATen/ATen.h>

#include <variant>

namespace edgefuse::server {
namespace {

at::Tensor scaled(const at::Tensor& matrix, double factor) {
  if (factor == 0) return at::zeros_like(matrix);  // and not -0
  return (matrix.to(at::kDouble) * factor).to(matrix.scalar_type());
}

}  // namespace

llm::ModuleDelta scaled(const llm::ModuleDelta& delta, double factor) {
  if (const auto* low = std::get_if<llm::LowRank>(&delta))
    return llm::LowRank{.a = low->a, .b = scaled(low->b, factor)};
  return llm::Dense{scaled(std::get<llm::Dense>(delta).matrix, factor)};
}

}  // namespace edgefuse::server
