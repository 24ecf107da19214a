#include "server/fusion/della.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/election.hpp"
#include "server/fusion/mask.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

struct DellaSettings {
  double density;
  double epsilon;
  double lambda;
};

/// The entries of a row, the largest magnitude first.
std::vector<std::size_t> by_magnitude(std::span<const float> row) {
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t e) { return std::abs(row[e]); });
  return order;
}

/// Of each entry of a change whose rows have `in` entries, the chance to be dropped.
std::vector<double> chances_to_drop(std::span<const float> change, std::size_t in, const DellaSettings& settings) {
  std::vector<double> dropped(change.size());
  const double step = in > 1 ? 2 * settings.epsilon / static_cast<double>(in - 1) : 0;
  const double of_largest = in > 1 ? settings.density + settings.epsilon : settings.density;
  for (std::size_t begin = 0; begin < change.size(); begin += in) {
    const auto order = by_magnitude(change.subspan(begin, in));
    for (std::size_t place = 0; place < in; ++place)
      dropped[begin + order[place]] = 1 - (of_largest - step * static_cast<double>(place));
  }
  return dropped;
}

void drop_and_rescale(std::span<float> change, std::size_t in, const DellaSettings& settings, sim::Draws draws) {
  const auto dropped = chances_to_drop(change, in, settings);
  const auto mask = random_mask(dropped, draws);
  for (std::size_t e = 0; e < change.size(); ++e)
    change[e] = mask[e] != 0 ? static_cast<float>(change[e] / (1 - dropped[e])) : 0;
}

class Della final : public FusionRule {
 public:
  explicit Della(const DellaSettings& settings) : settings_{settings} {
    const auto [density, epsilon, lambda] = settings;
    if (density - epsilon <= 0 || density + epsilon > 1)
      throw InputError{Mistake{.key = "della.epsilon",
                               .problem = fmt::format("entries would be kept with probabilities from {} to {}",
                                                      density - epsilon, density + epsilon),
                               .remedy = "choose density and epsilon so that they are above 0 and at most 1"}};
  }

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    const Prepare prepare = [&](llm::ModuleId id, const ModuleParts& parts) {
      auto changes = own_dense(parts);
      for (std::size_t i = 0; i < parts.size(); ++i)
        drop_and_rescale(numbers(changes[i]), static_cast<std::size_t>(changes[i].size(1)), settings_,
                         draws(modules.seed, sim::Domain::fusion_mask, id, parts[i].client));
      return changes;
    };
    fuse_by_weighted_election(modules, settings_.lambda, prepare, sink);
  }

 private:
  DellaSettings settings_;
};

}  // namespace

Method<FusionRule> della_rule() {
  return {.name = "della",
          .summary = "entries dropped at random, small ones rather, then ties-weighted without trimming (2406.11617)",
          .parameters = {{.name = "density",
                          .standard = 0.7,
                          .meaning = "mean probability that an entry is kept",
                          .least = 0,
                          .most = 1},
                         {.name = "epsilon",
                          .standard = 0.07,
                          .meaning = "how much above that is a row's largest entry, and below its smallest",
                          .least = 0,
                          .most = 0.5},
                         {.name = "lambda", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Della>(DellaSettings{
                .density = number(p, "density"), .epsilon = number(p, "epsilon"), .lambda = number(p, "lambda")});
          }};
}

}  // namespace edgefuse::server
