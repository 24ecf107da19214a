#include "server/fusion/dense_parts.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <variant>

#include "sim/expects.hpp"

namespace edgefuse::server {

std::vector<at::Tensor> own_dense(const ModuleParts& parts) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parts.size());
  for (const auto& part : parts) {
    auto tensor = llm::dense(part.delta).to(at::kFloat).contiguous();
    if (std::holds_alternative<llm::Dense>(part.delta)) tensor = tensor.clone();
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

at::Tensor dense_double(const llm::ModuleDelta& delta) {
  if (const auto* low = std::get_if<llm::LowRank>(&delta))
    return at::mm(low->b.to(at::kDouble), low->a.to(at::kDouble));
  return std::get<llm::Dense>(delta).matrix.to(at::kDouble).contiguous();
}

const llm::LowRank& factors_of(const ModulePart& part) {
  const auto* low = std::get_if<llm::LowRank>(&part.delta);
  EDGEFUSE_EXPECTS(low != nullptr, "a rule that needs factors is given factors");
  return *low;
}

llm::ModuleDelta smaller_form(const llm::LowRank& low) {
  const auto rank = low.a.size(0);
  const auto out = low.b.size(0);
  const auto in = low.a.size(1);
  if (rank * (out + in) >= out * in) return llm::Dense{at::mm(low.b, low.a).to(at::kFloat)};
  return llm::LowRank{.a = low.a.to(at::kFloat).contiguous(), .b = low.b.to(at::kFloat).contiguous()};
}

ModuleParts with_matrices(ModuleParts parts, const std::vector<at::Tensor>& matrices) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].delta = llm::Dense{matrices[i].to(at::kFloat).contiguous()};
    parts[i].coverage = {};
  }
  return parts;
}

llm::MatrixShape shape_of(const llm::ModuleDelta& delta) {
  if (const auto* low = std::get_if<llm::LowRank>(&delta)) return {low->b.size(0), low->a.size(1)};
  const auto& matrix = std::get<llm::Dense>(delta).matrix;
  return {matrix.size(0), matrix.size(1)};
}

std::span<float> numbers(at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::span<const float> numbers(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace edgefuse::server
