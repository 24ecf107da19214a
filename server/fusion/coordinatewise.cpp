#include "server/fusion/coordinatewise.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/median.hpp"

namespace edgefuse::server {
namespace {

/// One number of what all contributions have in an entry, in no particular order and free to be moved.
using Statistic = double (*)(std::span<float> values, double parameter);

class Coordinatewise final : public ModuleLocalRule {
 public:
  explicit Coordinatewise(Statistic statistic, double parameter = 0) : statistic_{statistic}, parameter_{parameter} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    const auto changes = own_dense(parts);
    auto result = at::empty_like(changes.front());
    const auto out = numbers(result);
    std::vector<std::span<const float>> values;
    for (const auto& change : changes)
      values.push_back(numbers(change));
    std::vector<float> entry(all.contributions);
    for (std::size_t e = 0; e < out.size(); ++e) {
      const auto absent = std::ranges::transform(values, entry.begin(), [e](auto change) { return change[e]; }).out;
      std::fill(absent, entry.end(), 0.0F);
      out[e] = static_cast<float>(statistic_(entry, parameter_));
    }
    return llm::Dense{result};
  }

  Statistic statistic_;
  double parameter_;
};

double median_of(std::span<float> values, double /*unused*/) {
  return median(values);
}

double trimmed_mean(std::span<float> values, double trim) {
  std::ranges::sort(values);
  const auto cut = static_cast<std::size_t>(std::floor(trim * static_cast<double>(values.size())));
  const auto kept = values.subspan(cut, values.size() - 2 * cut);
  double sum = 0;
  for (const auto x : kept)
    sum += x;
  return sum / static_cast<double>(kept.size());
}

}  // namespace

Method<FusionRule> median_rule() {
  return {.name = "median",
          .summary = "median of each entry (1803.01498)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Coordinatewise>(median_of);
          }};
}

Method<FusionRule> trimmed_mean_rule() {
  return {.name = "trimmed-mean",
          .summary = "mean of each entry without the extremes (1803.01498)",
          .parameters = {{.name = "trim",
                          .standard = 0.1,
                          .meaning = "share of the contributions that is left out at either end",
                          .least = 0,
                          .most = 0.49}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Coordinatewise>(trimmed_mean, number(p, "trim"));
          }};
}

}  // namespace edgefuse::server
