#include "server/conflict/cr_max.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/conflict/entrywise_resolver.hpp"
#include "server/conflict/sign_conflict.hpp"
#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

class CrMax final : public EntrywiseResolver {
 public:
  CrMax(double quantile, double threshold) : quantile_{quantile}, threshold_{threshold} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> weights) const override {
    const auto found = find_sign_conflict(changes, weights, quantile_);
    const auto winners = elect(changes, weights, found);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const auto values = numbers(changes[i]);
      for (std::size_t e = 0; e < values.size(); ++e)
        if (found.mass[e] > threshold_ && winners[e] != i) values[e] = 0;
    }
  }

  /// Which change wins each entry. In conflict somebody of either sign has a weight, so there is one.
  static std::vector<std::uint32_t> elect(std::span<at::Tensor> changes, std::span<const double> weights,
                                          const SignConflict& found) {
    std::vector<std::uint32_t> winner(found.mass.size(), 0);
    std::vector<float> largest(found.mass.size(), 0.0F);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (weights[i] == 0) continue;
      const auto values = numbers(changes[i]);
      for (std::size_t e = 0; e < values.size(); ++e) {
        const float magnitude = std::abs(values[e]);
        const bool wins = (magnitude > largest[e]) & !pulls_against(values[e], weights[i], found.sign[e]);
        largest[e] = wins ? magnitude : largest[e];
        winner[e] = wins ? static_cast<std::uint32_t>(i) : winner[e];
      }
    }
    return winner;
  }

  double quantile_;
  double threshold_;
};

}  // namespace

Method<ConflictResolver> cr_max() {
  return {
      .name = "cr-max",
      .summary = "keep of an entry in conflict only the largest change of the elected sign, as EMR elects (2405.17461)",
      .parameters = {quantile_parameter(), threshold_parameter()},
      .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
        return std::make_unique<CrMax>(number(p, "q"), number(p, "t"));
      }};
}

}  // namespace edgefuse::server
