#include "server/selection/poisson.hpp"

#include <cmath>
#include <memory>

#include "server/selection/eligible.hpp"
#include "server/selection/uniform_sample.hpp"

namespace edgefuse::server {
namespace {

class Poisson final : public Selection {
 public:
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    if (request.count >= request.population) return eligible_clients(request);
    if (request.count == 0) return {};
    // How many clients pass before the next one taken is geometric: P(at least k) = (1 - q)^k.
    const double log_passed = std::log1p(-static_cast<double>(request.count) / request.population);
    auto draws = selection_draws(request);
    const auto skip = [&] { return std::floor(std::log(draws.uniform()) / log_passed); };

    std::vector<std::uint32_t> chosen;
    for (double client = skip(); client < request.population; client += 1 + skip()) {
      const auto id = static_cast<std::uint32_t>(client);
      if (request.eligible(id)) chosen.push_back(id);
    }
    return chosen;
  }
};

}  // namespace

Method<Selection> poisson_selection() {
  return {.name = "poisson",
          .summary = "each by itself with probability count / population, as privacy accounting wants it (1607.00133)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Selection> { return std::make_unique<Poisson>(); }};
}

}  // namespace edgefuse::server
