#include "clients/compression/factor_numbers.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ATen.h>

namespace edgefuse::clients {

std::vector<at::Tensor*> sent_factors(llm::Adapter& adapter, llm::Factors sent) {
  std::vector<at::Tensor*> factors;
  for (auto& [id, own] : adapter.modules) {
    if (sent != llm::Factors::b) factors.push_back(&own.a);
    if (sent != llm::Factors::a) factors.push_back(&own.b);
  }
  return factors;
}

std::vector<float> numbers_of(const std::vector<at::Tensor*>& factors) {
  std::vector<float> numbers;
  for (const auto* factor : factors) {
    const auto own = factor->contiguous();
    numbers.insert(numbers.end(), own.data_ptr<float>(), own.data_ptr<float>() + own.numel());
  }
  return numbers;
}

void put(std::span<const float> numbers, const std::vector<at::Tensor*>& factors) {
  for (auto* factor : factors) {
    auto fresh = at::empty(factor->sizes(), at::kFloat);
    const auto count = static_cast<std::size_t>(fresh.numel());
    std::ranges::copy(numbers.first(count), fresh.data_ptr<float>());
    numbers = numbers.subspan(count);
    *factor = std::move(fresh);
  }
}

}  // namespace edgefuse::clients
