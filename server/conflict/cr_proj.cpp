#include "server/conflict/cr_proj.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "server/conflict/scaled.hpp"
#include "server/fusion/gram.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// Σ c_j D_j over those with a coefficient: factors as long as all of these are low rank, however large their rank.
llm::ModuleDelta combined(const ModuleParts& parts, std::span<const double> coefficients) {
  ModuleParts taking_part;
  std::vector<double> theirs;
  for (std::size_t j = 0; j < parts.size(); ++j) {
    if (coefficients[j] == 0) continue;
    taking_part.push_back(parts[j]);
    theirs.push_back(coefficients[j]);
    if (coefficients[j] == 1) continue;
    // Half of it on either factor: beside a much larger change D_i, <D_i, D_j> / ‖D_j‖² may be more than float32 holds.
    const double half = std::sqrt(std::abs(coefficients[j]));
    taking_part.back().delta = scaled(parts[j].delta, half);
    theirs.back() = coefficients[j] / half;
  }
  return stacked_if_low_rank(taking_part, theirs);
}

class CrProj final : public ConflictResolver {
 public:
  explicit CrProj(bool random) : random_{random} {}

  [[nodiscard]] ModuleParts resolve(llm::ModuleId module, ModuleParts parts, const FusionSeed& seed) const override {
    if (parts.size() < 2) return parts;
    const Gram gram{parts};
    auto resolved = parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto order = others(parts, i);
      if (random_) draws(seed, sim::Domain::conflict_order, module, parts[i].client).shuffle(order);
      const auto coefficients = projected(gram, parts, i, order);
      if (std::ranges::count_if(coefficients, [](double c) { return c != 0; }) > 1)
        resolved[i].delta = combined(parts, coefficients);
    }
    return resolved;
  }
  [[nodiscard]] bool keeps_low_rank() const override { return true; }

 private:
  /// Those that have a say: what has weight 0 is fused with nobody, so there is nobody it is in the way of.
  static std::vector<std::size_t> others(const ModuleParts& parts, std::size_t i) {
    std::vector<std::size_t> order;
    for (std::size_t j = 0; j < parts.size(); ++j)
      if (j != i && parts[j].weight != 0) order.push_back(j);
    return order;
  }

  /// How much of each D_j there is in D̃_i.
  static std::vector<double> projected(const Gram& gram, const ModuleParts& parts, std::size_t i,
                                       std::span<const std::size_t> order) {
    std::vector<double> coefficients(gram.size(), 0.0);
    coefficients[i] = 1;
    for (const auto j : order) {
      double product = 0;
      for (std::size_t k = 0; k < gram.size(); ++k)
        product += coefficients[k] * gram(k, j);
      const double sides = side_of(parts[i]) * side_of(parts[j]);
      if (sides * product < -negligible_cosine * gram.norm(i) * gram.norm(j)) coefficients[j] -= product / gram(j, j);
    }
    return coefficients;
  }

  bool random_;
};

}  // namespace

Method<ConflictResolver> cr_proj() {
  return {
      .name = "cr-proj",
      .summary = "project each change of a module off those it opposes, as PCGrad does gradients (2001.06782)",
      .parameters = {{.name = "order",
                      .standard = std::string{"random"},
                      .meaning =
                          "in which order the others are gone through: drawn for each client, or as they are numbered",
                      .choices = {"random", "index"}}},
      .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
        return std::make_unique<CrProj>(word(p, "order") == "random");
      }};
}

}  // namespace edgefuse::server
