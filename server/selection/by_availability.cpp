#include "server/selection/by_availability.hpp"

#include <cmath>
#include <memory>

#include "server/selection/eligible.hpp"
#include "server/selection/uniform_sample.hpp"
#include "server/selection/weighted_sample.hpp"

namespace edgefuse::server {
namespace {

/// Probability that the next participation is fused, from those so far.
double stays(const ClientRecord* record) {
  const auto known = record != nullptr ? *record : ClientRecord{};
  return static_cast<double>(known.returned + 1) / static_cast<double>(known.started + 2);
}

class ByAvailability final : public Selection {
 public:
  explicit ByAvailability(double sharpness) : sharpness_{sharpness} {}
  [[nodiscard]] bool looks_back() const override { return true; }

  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    std::vector<WeightedClient> clients;
    for_eligible(request, [&](std::uint32_t client, const ClientRecord* record) {
      clients.push_back({.client = client, .weight = std::pow(stays(record), sharpness_)});
    });
    auto draws = selection_draws(request);
    return weighted_sample(clients, request.count, draws);
  }

 private:
  double sharpness_;
};

}  // namespace

Method<Selection> by_availability_selection() {
  return {.name = "by-availability",
          .summary = "rather those that stayed so far; weighted without replacement (Efraimidis and Spirakis 2006)",
          .parameters = {{.name = "sharpness",
                          .standard = 1.0,
                          .meaning = "exponent of the estimated probability to stay; 0 is uniform",
                          .least = 0,
                          .most = 16}},
          .make = [](const Parameters& p) -> std::unique_ptr<Selection> {
            return std::make_unique<ByAvailability>(number(p, "sharpness"));
          }};
}

}  // namespace edgefuse::server
