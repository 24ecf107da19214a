#include "server/selection/round_robin.hpp"

#include <memory>
#include <utility>

#include "server/selection/best.hpp"
#include "server/selection/eligible.hpp"

namespace edgefuse::server {
namespace {

class RoundRobin final : public Selection {
 public:
  [[nodiscard]] bool looks_back() const override { return true; }
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    std::vector<RankedClient> clients;
    for_eligible(request, [&](std::uint32_t client, const ClientRecord* record) {
      const auto known = record != nullptr ? *record : ClientRecord{};
      clients.push_back({.client = client,
                         .score = -static_cast<double>(known.last_start),
                         .tie = -static_cast<double>(known.started)});
    });
    return best(std::move(clients), request.count);
  }
};

}  // namespace

Method<Selection> round_robin_selection() {
  return {.name = "round-robin",
          .summary = "in order of client id, going on where the last invitation ended",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Selection> { return std::make_unique<RoundRobin>(); }};
}

}  // namespace edgefuse::server
