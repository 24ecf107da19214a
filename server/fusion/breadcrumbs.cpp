#include "server/fusion/breadcrumbs.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/largest.hpp"
#include "server/fusion/linear_combination.hpp"
#include "server/fusion/scope.hpp"

namespace edgefuse::server {
namespace {

struct BreadcrumbsSettings {
  double keep;
  double gamma;
  double alpha;
  Scope scope;
};

std::size_t share_of(std::size_t size, double share) {
  return static_cast<std::size_t>(std::floor(share * static_cast<double>(size)));
}

void drop_both_ends(std::span<float> values, double gamma, double keep) {
  const auto sizes = magnitudes(values);
  const auto outliers = share_of(sizes.size(), gamma);
  const auto too_large = largest(std::span<const float>{sizes}, outliers);
  auto mask = largest(std::span<const float>{sizes}, outliers + share_of(sizes.size(), keep));
  for (std::size_t e = 0; e < mask.size(); ++e)
    mask[e] -= too_large[e];
  apply_mask(mask, values);
}

class Breadcrumbs final : public ModuleLocalRule {
 public:
  explicit Breadcrumbs(const BreadcrumbsSettings& settings) : settings_{settings} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    auto changes = own_dense(parts);
    for (auto& change : changes) {
      const auto values = numbers(change);
      const auto in = static_cast<std::size_t>(change.size(1));
      const auto length = settings_.scope == Scope::row ? in : values.size();
      for (std::size_t begin = 0; begin < values.size(); begin += length)
        drop_both_ends(values.subspan(begin, length), settings_.gamma, settings_.keep);
    }
    return linear_combination(with_matrices(std::move(parts), changes),
                              std::vector<double>(changes.size(), settings_.alpha));
  }

  BreadcrumbsSettings settings_;
};

}  // namespace

Method<FusionRule> breadcrumbs_rule() {
  return {
      .name = "breadcrumbs",
      .summary = "the largest entries and the small ones dropped, alpha times the sum of the rest (2312.06795)",
      .parameters = {{.name = "keep",
                      .standard = 0.2,
                      .meaning = "share of entries that is kept, the largest below the outliers",
                      .least = 0,
                      .most = 1},
                     {.name = "gamma",
                      .standard = 0.1,
                      .meaning = "share of entries that is dropped as outliers, the largest",
                      .least = 0,
                      .most = 1},
                     {.name = "alpha", .standard = 0.4, .meaning = "factor on the sum"},
                     scope_parameter("of what the shares are: each row or each module", {"row", "tensor"})},
      .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
        return std::make_unique<Breadcrumbs>(BreadcrumbsSettings{
            .keep = number(p, "keep"), .gamma = number(p, "gamma"), .alpha = number(p, "alpha"), .scope = scope_of(p)});
      }};
}

}  // namespace edgefuse::server
