#include "clients/policy/fit_memory.hpp"

#include <algorithm>
#include <memory>

namespace edgefuse::clients {

std::optional<Choice> FitMemory::choose(std::span<const Prospect> prospects, Bytes memory) const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < prospects.size(); ++i) {
    if (prospects[i].peak_memory > memory) continue;
    if (!best || prospects[i].parameters > prospects[*best].parameters) best = i;
  }
  if (!best) return std::nullopt;
  const auto largest = std::ranges::max(prospects, {}, &Prospect::parameters).parameters;
  return Choice{*best, prospects[*best].parameters == largest ? "none" : "memory"};
}

Method<RatioPolicy> fit_memory() {
  return {.name = "fit-memory",
          .summary = "the largest variant whose predicted peak memory fits the client's budget",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<RatioPolicy> { return std::make_unique<FitMemory>(); }};
}

}  // namespace edgefuse::clients
