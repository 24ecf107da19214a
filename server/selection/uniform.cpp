#include "server/selection/uniform.hpp"

#include <algorithm>
#include <memory>

#include "sim/random.hpp"

namespace edgefuse::server {
namespace {

class Uniform final : public Selection {
 public:
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    std::vector<std::uint32_t> candidates{request.candidates.begin(), request.candidates.end()};
    std::ranges::sort(candidates);
    const auto population = static_cast<std::uint32_t>(candidates.size());
    if (request.count >= population) return candidates;

    sim::Draws draws{{.seed = request.seed, .domain = sim::Domain::selection, .round = request.round}};
    std::vector<std::uint32_t> chosen;
    for (const auto place : draws.sample(population, request.count))
      chosen.push_back(candidates[place]);
    std::ranges::sort(chosen);
    return chosen;
  }
};

}  // namespace

Method<Selection> uniform_selection() {
  return {.name = "uniform",
          .summary = "uniformly at random, without replacement",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Selection> { return std::make_unique<Uniform>(); }};
}

}  // namespace edgefuse::server
