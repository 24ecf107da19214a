#include "server/fusion/model_stock.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "server/fusion/gram.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// c over the pairs of `changing`, or 1 where there is no pair; not below 0.
double mean_cosine(const Gram& products, const std::vector<std::size_t>& changing) {
  if (changing.size() < 2) return 1;
  double sum = 0;
  for (std::size_t i = 0; i < changing.size(); ++i)
    for (std::size_t j = i + 1; j < changing.size(); ++j)
      sum += products.cosine(changing[i], changing[j]);
  const auto count = static_cast<double>(changing.size());
  return std::max(sum / (count * (count - 1) / 2), 0.0);
}

class ModelStock final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const Gram products{parts};
    std::vector<std::size_t> changing;
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (products.norm(i) > 0) changing.push_back(i);
    const double c = mean_cosine(products, changing);
    const auto count = static_cast<double>(changing.size());
    std::vector<double> coefficients(parts.size(), 0.0);
    for (const auto i : changing)
      coefficients[i] = c / (1 + (count - 1) * c);  // t / N
    return linear_combination(parts, coefficients);
  }
};

}  // namespace

Method<FusionRule> model_stock_rule() {
  return {.name = "model-stock",
          .summary = "mean of the changes, the closer to the base the less they agree (2403.19522)",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<ModelStock>(); }};
}

}  // namespace edgefuse::server
