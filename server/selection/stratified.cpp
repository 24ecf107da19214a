#include "server/selection/stratified.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "server/selection/eligible.hpp"
#include "server/selection/uniform_sample.hpp"

namespace edgefuse::server {
namespace {

using Clients = std::vector<std::uint32_t>;

struct Stratum {
  Clients clients;
  std::uint64_t places = 0;
  std::uint64_t remainder = 0;  // of count * clients / eligible, in units of 1 / eligible
};

/// Largest remainders (Hamilton's method). `count` is below the number of eligible clients, so no stratum gets more
/// places than it has clients.
void share_out(std::vector<Stratum>& strata, std::uint64_t count, std::uint64_t eligible) {
  auto left = count;
  std::vector<Stratum*> by_remainder;
  for (auto& stratum : strata) {
    const auto product = count * stratum.clients.size();
    stratum.places = product / eligible;
    stratum.remainder = product % eligible;
    left -= stratum.places;
    by_remainder.push_back(&stratum);
  }
  std::ranges::stable_sort(by_remainder, std::greater{}, [](const Stratum* s) { return s->remainder; });
  for (std::size_t i = 0; i < left; ++i)
    ++by_remainder[i]->places;
}

class Stratified final : public Selection {
 public:
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    const auto eligible = eligible_clients(request);
    if (request.count >= eligible.size()) return eligible;
    std::map<std::uint32_t, Clients> by_class;
    for (const auto client : eligible)
      by_class[request.device_class(client)].push_back(client);
    std::vector<Stratum> strata;
    for (auto& [device_class, clients] : by_class)
      strata.push_back({.clients = std::move(clients)});
    share_out(strata, request.count, eligible.size());

    auto draws = selection_draws(request);
    Clients chosen;
    for (const auto& stratum : strata)
      std::ranges::copy(uniform_subset(stratum.clients, stratum.places, draws), std::back_inserter(chosen));
    std::ranges::sort(chosen);
    return chosen;
  }
};

}  // namespace

Method<Selection> stratified_selection() {
  return {.name = "stratified",
          .summary = "device classes in the shares they have among the eligible (largest remainders)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Selection> { return std::make_unique<Stratified>(); }};
}

}  // namespace edgefuse::server
