#include "server/fusion/frobenius_norm.hpp"

#include <ATen/ATen.h>

#include <tuple>
#include <variant>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

at::Tensor upper_triangle(const at::Tensor& columns) {
  return std::get<1>(at::linalg_qr(columns.to(at::kDouble), "r"));
}

}  // namespace

double frobenius_norm(const llm::ModuleDelta& change) {
  if (const auto* low = std::get_if<llm::LowRank>(&change))
    return at::mm(upper_triangle(low->b), upper_triangle(low->a.t()).t()).norm().item<double>();
  return dense_double(change).norm().item<double>();
}

}  // namespace edgefuse::server
