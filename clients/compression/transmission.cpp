#include "clients/compression/transmission.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "sim/random.hpp"

namespace edgefuse::clients {
namespace {

/// The factors that are sent, in the order they are sent in.
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

}  // namespace

llm::Adapter Transmission::received(const llm::Adapter& trained, const llm::Adapter& initial, llm::Factors sent,
                                    std::uint32_t client, std::uint32_t invitation) {
  auto result = trained;
  auto start = initial;
  const auto factors = sent_factors(result, sent);
  const auto began = numbers_of(sent_factors(start, sent));
  auto change = numbers_of(factors);
  for (std::size_t i = 0; i < change.size(); ++i)
    change[i] -= began[i];
  if (const auto kept = lost_.find(client); kept != lost_.end() && kept->second.size() == change.size())
    for (std::size_t i = 0; i < change.size(); ++i)
      change[i] += kept->second[i];

  auto arrived = change;
  sim::Draws draws{{.seed = seed_, .domain = sim::Domain::compression, .round = invitation, .client = client}};
  compressor_.transmit(arrived, draws);
  std::size_t first = 0;
  for (auto* factor : factors) {
    auto decoded = at::empty(factor->sizes(), at::kFloat);
    for (std::int64_t i = 0; i < decoded.numel(); ++i, ++first)
      decoded.data_ptr<float>()[i] = began[first] + arrived[first];
    *factor = std::move(decoded);
  }
  if (error_feedback_) {
    for (std::size_t i = 0; i < change.size(); ++i)
      change[i] -= arrived[i];
    lost_[client] = std::move(change);
  }
  return result;
}

}  // namespace edgefuse::clients
