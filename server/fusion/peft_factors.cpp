#include "server/fusion/peft_factors.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "llm/trim.hpp"
#include "server/fusion/dense_parts.hpp"
#include "server/fusion/factor_sum.hpp"

namespace edgefuse::server {
namespace {

/// The trimmed float32 copy of a factor, in float64.
at::Tensor trimmed(const at::Tensor& factor, double density) {
  auto copy = factor.to(at::kFloat).contiguous().clone();
  llm::trim_to_density(numbers(copy), density);
  return copy.to(at::kDouble);
}

at::Tensor weighted_sum(const std::vector<at::Tensor>& factors, const std::vector<double>& weights) {
  auto sum = at::zeros_like(factors.front());
  for (std::size_t i = 0; i < factors.size(); ++i)
    sum += weights[i] * factors[i];
  return sum;
}

/// An exact zero of the sum elects +, and an entry that is zero itself agrees with neither sign.
at::Tensor agreeing_mean(const std::vector<at::Tensor>& factors, const std::vector<double>& weights) {
  const auto elected = weighted_sum(factors, std::vector<double>(factors.size(), 1.0)).ge(0).to(at::kDouble) * 2 - 1;
  auto sum = at::zeros_like(elected);
  auto count = at::zeros_like(elected);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const auto agrees = factors[i].sign().eq(elected).to(at::kDouble);
    sum += weights[i] * factors[i] * agrees;
    count += agrees;
  }
  return sum / count.clamp_min(1);
}

enum class Merge { sum, agreeing_mean };

class PeftFactors final : public ModuleLocalRule {
 public:
  PeftFactors(const char* name, Merge merge, double density) : name_{name}, merge_{merge}, density_{density} {}
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool needs_one_rank() const override { return true; }
  [[nodiscard]] WeightSigns weight_signs() const override { return WeightSigns::any; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    require_one_rank(parts, name_);
    std::vector<at::Tensor> a;
    std::vector<at::Tensor> b;
    std::vector<double> of_a;
    std::vector<double> of_b;
    for (const auto& part : parts) {
      const auto& low = factors_of(part);
      a.push_back(trimmed(low.a, density_));
      b.push_back(trimmed(low.b / part.scale, density_));
      of_b.push_back(std::sqrt(std::abs(part.weight * part.scale)));
      of_a.push_back(std::copysign(of_b.back(), part.weight));
    }
    return llm::LowRank{.a = merged(a, of_a).to(at::kFloat), .b = merged(b, of_b).to(at::kFloat)};
  }
  [[nodiscard]] at::Tensor merged(const std::vector<at::Tensor>& factors, const std::vector<double>& weights) const {
    return merge_ == Merge::sum ? weighted_sum(factors, weights) : agreeing_mean(factors, weights);
  }

  const char* name_;
  Merge merge_;
  double density_;
};

const ParameterSpec density_of_factors = {.name = "density",
                                          .standard = 0.5,
                                          .meaning = "share of each factor's entries that is kept",
                                          .least = 0,
                                          .most = 1};

}  // namespace

Method<FusionRule> peft_linear_rule() {
  return {.name = "peft-linear",
          .summary = "PEFT's linear: a weighted sum of the factors, biased",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> {
            return std::make_unique<PeftFactors>("peft-linear", Merge::sum, 1.0);
          }};
}

Method<FusionRule> peft_ties_rule() {
  return {.name = "peft-ties",
          .summary = "PEFT's ties: on the factors, biased",
          .parameters = {density_of_factors},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<PeftFactors>("peft-ties", Merge::agreeing_mean, number(p, "density"));
          }};
}

Method<FusionRule> peft_magnitude_prune_rule() {
  return {.name = "peft-magnitude-prune",
          .summary = "PEFT's magnitude_prune: the largest entries of the factors, biased",
          .parameters = {density_of_factors},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<PeftFactors>("peft-magnitude-prune", Merge::sum, number(p, "density"));
          }};
}

}  // namespace edgefuse::server
