#include "server/selection/power_of_choice.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "server/selection/best.hpp"
#include "server/selection/uniform_sample.hpp"

namespace edgefuse::server {
namespace {

double last_known_loss(const SelectionRequest& request, std::uint32_t client) {
  const auto* record = request.history != nullptr ? request.history->find(client) : nullptr;
  return record != nullptr && record->loss ? *record->loss : std::numeric_limits<double>::infinity();
}

class PowerOfChoice final : public Selection {
 public:
  explicit PowerOfChoice(double factor) : factor_{factor} {}

  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    auto draws = selection_draws(request);
    const auto drawn = static_cast<std::uint64_t>(std::ceil(factor_ * request.count));
    std::vector<RankedClient> candidates;
    for (const auto client : uniform_sample(request, drawn, draws))
      candidates.push_back({.client = client, .score = last_known_loss(request, client), .tie = draws.uniform()});
    return best(std::move(candidates), request.count);
  }

  [[nodiscard]] bool needs_losses() const override { return true; }

 private:
  double factor_;
};

}  // namespace

Method<Selection> power_of_choice_selection() {
  return {.name = "power-of-choice",
          .summary = "the highest last known losses among candidates drawn uniformly (2010.01243)",
          .parameters = {{.name = "factor",
                          .standard = 2.0,
                          .meaning = "candidates drawn for each client wanted, d / m; 1 is uniform",
                          .least = 1,
                          .most = 1e6}},
          .make = [](const Parameters& p) -> std::unique_ptr<Selection> {
            return std::make_unique<PowerOfChoice>(number(p, "factor"));
          }};
}

}  // namespace edgefuse::server
