#include "server/fusion/dense_parts.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <variant>

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

std::span<float> numbers(at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::span<const float> numbers(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace edgefuse::server
