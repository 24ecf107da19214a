#include "server/fusion/sce.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/largest.hpp"

namespace edgefuse::server {
namespace {

/// Of each entry over `count` changes, of which those that are not here are zero: mean of squares of deviations.
std::vector<double> variances(std::span<const at::Tensor> changes, std::size_t count) {
  const auto size = static_cast<std::size_t>(changes.front().numel());
  const auto all = static_cast<double>(count);
  std::vector<double> mean(size, 0.0);
  for (const auto& change : changes)
    std::ranges::transform(mean, numbers(change), mean.begin(), [](double sum, float x) { return sum + x; });
  for (auto& m : mean)
    m /= all;
  const auto absent = static_cast<double>(count - changes.size());
  std::vector<double> variance(size);
  std::ranges::transform(mean, variance.begin(), [&](double m) { return absent * m * m; });
  for (const auto& change : changes) {
    const auto values = numbers(change);
    for (std::size_t e = 0; e < size; ++e)
      variance[e] += (values[e] - mean[e]) * (values[e] - mean[e]);
  }
  for (auto& v : variance)
    v /= all;
  return variance;
}

void select(std::span<at::Tensor> changes, std::size_t count, double density) {
  const auto variance = variances(changes, count);
  const auto varying = std::ranges::count_if(variance, [](double v) { return v != 0; });
  const auto kept = static_cast<std::size_t>(std::floor(density * static_cast<double>(varying)));
  const auto mask = largest(std::span<const double>{variance}, kept);
  for (auto& change : changes)
    apply_mask(mask, numbers(change));
}

double mean_square(std::span<const float> change) {
  double sum = 0;
  for (const double x : change)
    sum += x * x;
  return change.empty() ? 0 : sum / static_cast<double>(change.size());
}

/// One entry after erasing the minority.
double majority_mean(std::span<const std::span<const float>> values, std::span<const double> weights, std::size_t e) {
  double votes = 0;
  for (const auto& change : values)
    votes += change[e];
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = values[i][e];
    const bool agrees = votes >= 0 ? x > 0 : x < 0;
    sum += agrees ? weights[i] * x : 0;
    weight += agrees ? weights[i] : 0;
  }
  return weight > 0 ? sum / weight : 0;
}

class Sce final : public ModuleLocalRule {
 public:
  explicit Sce(double density) : density_{density} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    auto changes = own_dense(parts);
    if (density_ < 1) select(changes, all.contributions, density_);
    std::vector<std::span<const float>> values;
    std::vector<double> weights;
    for (const auto& change : changes) {
      values.push_back(numbers(change));
      weights.push_back(mean_square(values.back()));
    }
    auto result = at::empty_like(changes.front());
    const auto out = numbers(result);
    for (std::size_t e = 0; e < out.size(); ++e)
      out[e] = static_cast<float>(majority_mean(values, weights, e));
    return llm::Dense{result};
  }

  double density_;
};

}  // namespace

Method<FusionRule> sce_rule() {
  return {
      .name = "sce",
      .summary = "entries that vary most, weighted by each change's mean square, minority signs erased (2408.07990)",
      .parameters = {{.name = "density",
                      .standard = 1.0,
                      .meaning = "share of the entries with any variance that is kept; 1 keeps all",
                      .least = 0,
                      .most = 1}},
      .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
        return std::make_unique<Sce>(number(p, "density"));
      }};
}

}  // namespace edgefuse::server
