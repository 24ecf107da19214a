#include "server/fusion/krum.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/fusion/linear_combination.hpp"
#include "server/fusion/whole_changes.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

struct KrumSettings {
  std::size_t byzantine;
  std::size_t multi;

  /// Adapters of which so many may be anything; without any, one is enough.
  [[nodiscard]] std::size_t least_for_byzantine() const { return byzantine > 0 ? 2 * byzantine + 3 : 1; }
};

void check(const KrumSettings& settings, std::size_t contributions) {
  std::vector<Mistake> mistakes;
  const auto note = [&](std::string key, std::size_t least) {
    mistakes.push_back({.key = std::move(key),
                        .problem = fmt::format("{} adapters to fuse, and {} are needed", contributions, least),
                        .remedy = "lower it, or fuse more adapters at a time"});
  };
  if (contributions < settings.least_for_byzantine()) note("krum.byzantine", settings.least_for_byzantine());
  if (contributions < settings.multi) note("krum.multi", settings.multi);
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

/// s_i of each.
std::vector<double> scores(const std::vector<std::vector<double>>& distances, std::size_t byzantine) {
  const auto count = distances.size();
  const auto closest = count > byzantine + 2 ? count - byzantine - 2 : 0;
  std::vector<double> result;
  for (std::size_t i = 0; i < count; ++i) {
    auto others = distances[i];
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    std::ranges::sort(others);
    result.push_back(std::accumulate(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(closest), 0.0));
  }
  return result;
}

class Krum final : public FusionRule {
 public:
  explicit Krum(const KrumSettings& settings) : settings_{settings} {}

  [[nodiscard]] std::size_t least_contributions() const override {
    return std::max(settings_.least_for_byzantine(), settings_.multi);
  }

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    check(settings_, modules.contributions);
    const auto share = shares(scores(squared_distances(modules), settings_.byzantine));
    for (const auto& [id, shape] : modules.shapes) {
      const auto parts = modules.parts(id);
      sink(id, linear_combination(parts, of_parts(parts, share)));
    }
  }

 private:
  /// 1 / multi for those chosen, else 0.
  [[nodiscard]] std::vector<double> shares(const std::vector<double>& score) const {
    std::vector<std::size_t> order(score.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return score[i]; });
    std::vector<double> result(score.size(), 0.0);
    for (std::size_t k = 0; k < settings_.multi; ++k)
      result[order[k]] = 1 / static_cast<double>(settings_.multi);
    return result;
  }

  KrumSettings settings_;
};

}  // namespace

Method<FusionRule> krum_rule() {
  return {.name = "krum",
          .summary = "the change, or the mean of those, that is closest to its neighbours (1703.02757)",
          .parameters = {{.name = "byzantine",
                          .standard = 1.0,
                          .meaning = "how many of the contributions may be anything",
                          .least = 0,
                          .most = 1'000'000,
                          .whole = true},
                         {.name = "multi",
                          .standard = 1.0,
                          .meaning = "how many are taken",
                          .least = 1,
                          .most = 1'000'000,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Krum>(KrumSettings{.byzantine = static_cast<std::size_t>(number(p, "byzantine")),
                                                       .multi = static_cast<std::size_t>(number(p, "multi"))});
          }};
}

}  // namespace edgefuse::server
