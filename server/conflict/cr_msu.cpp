#include "server/conflict/cr_msu.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "server/conflict/require_factors.hpp"
#include "server/fusion/gram.hpp"

namespace edgefuse::server {
namespace {

/// All units of a module, part by part.
struct Units {
  std::vector<std::size_t> part;
  std::vector<double> strength;  // |w|·‖b‖·‖a‖
  at::Tensor cosines;            // [units, units], those of a zero unit 0
};

Units units_of(const ModuleParts& parts) {
  Units units;
  std::vector<at::Tensor> a;
  std::vector<at::Tensor> b;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& low = std::get<llm::LowRank>(parts[i].delta);
    a.push_back(low.a.to(at::kDouble));
    b.push_back(side_of(parts[i]) * low.b.to(at::kDouble).t());
    const auto sizes = (a.back().norm(2, 1) * b.back().norm(2, 1) * std::abs(parts[i].weight)).contiguous();
    for (std::int64_t k = 0; k < sizes.numel(); ++k) {
      units.part.push_back(i);
      units.strength.push_back(sizes.data_ptr<double>()[k]);
    }
  }
  const auto cosines_of = [](const std::vector<at::Tensor>& rows) {
    const auto all = at::cat(rows, 0);
    const auto norms = all.norm(2, 1, /*keepdim=*/true);
    const auto directions = all / at::where(norms > 0, norms, at::ones_like(norms));
    return at::mm(directions, directions.t());
  };
  units.cosines = (cosines_of(b) * cosines_of(a)).contiguous();
  return units;
}

class CrMsu final : public ConflictResolver {
 public:
  CrMsu(double threshold, bool drops) : threshold_{threshold}, drops_{drops} {}

  [[nodiscard]] ModuleParts resolve(llm::ModuleId module, ModuleParts parts,
                                    const FusionSeed& /*seed*/) const override {
    if (parts.size() < 2) return parts;
    require_factors("cr-msu", module, parts);
    const auto units = units_of(parts);
    const auto factors = factors_for(units);
    std::size_t first = 0;
    for (auto& part : parts) {
      const auto& low = std::get<llm::LowRank>(part.delta);
      const auto rank = static_cast<std::size_t>(low.a.size(0));
      part.delta = scaled(low, std::span{factors}.subspan(first, rank));
      first += rank;
    }
    return parts;
  }
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool keeps_low_rank() const override { return true; }

 private:
  /// What each unit is multiplied by.
  [[nodiscard]] std::vector<double> factors_for(const Units& units) const {
    const auto n = units.part.size();
    std::vector<double> factors(n, 1.0);
    const auto* cosines = units.cosines.data_ptr<double>();
    for (std::size_t u = 0; u < n; ++u) {
      for (std::size_t v = u + 1; v < n; ++v) {
        const double cosine = cosines[u * n + v];
        if (units.part[u] == units.part[v] || !(cosine < -threshold_ - negligible_cosine)) continue;
        const auto weaker = units.strength[u] < units.strength[v] ? u : v;
        factors[weaker] = drops_ ? 0 : std::min(factors[weaker], std::max(0.0, 1 + cosine));
      }
    }
    return factors;
  }

  static llm::LowRank scaled(const llm::LowRank& low, std::span<const double> factors) {
    if (std::ranges::all_of(factors, [](double factor) { return factor == 1; })) return low;
    auto b = low.b.clone();
    for (std::size_t k = 0; k < factors.size(); ++k) {
      auto column = b.select(1, static_cast<std::int64_t>(k));
      if (factors[k] == 0) {
        column.zero_();
      } else if (factors[k] != 1) {
        column.copy_(column.to(at::kDouble) * factors[k]);
      }
    }
    return {.a = low.a, .b = b};
  }

  double threshold_;
  bool drops_;
};

}  // namespace

Method<ConflictResolver> cr_msu() {
  return {.name = "cr-msu",
          .summary = "drop or shrink the weaker of two opposed rank-one units, LoRA-LEGO's (2409.16167)",
          .parameters = {{.name = "threshold",
                          .standard = 0.1,
                          .meaning = "two units are opposed where their cosine is below minus this",
                          .least = 0,
                          .most = 1},
                         {.name = "mode",
                          .standard = std::string{"drop"},
                          .meaning = "drop: the weaker unit becomes 0; shrink: it is multiplied by 1 + the cosine",
                          .choices = {"drop", "shrink"}}},
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrMsu>(number(p, "threshold"), word(p, "mode") == "drop");
          }};
}

}  // namespace edgefuse::server
