#include "server/fusion/norm_clip.hpp"

#include <memory>
#include <span>
#include <vector>

#include "server/fusion/linear_combination.hpp"
#include "server/fusion/median.hpp"
#include "server/fusion/whole_changes.hpp"

namespace edgefuse::server {
namespace {

class NormClip final : public FusionRule {
 public:
  explicit NormClip(double most) : most_{most} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    const auto factor = factors(norms(modules));
    for (const auto& [id, shape] : modules.shapes) {
      const auto parts = modules.parts(id);
      auto coefficients = normalised_weights(parts, modules);
      for (std::size_t k = 0; k < parts.size(); ++k)
        coefficients[k] *= factor[parts[k].index];
      sink(id, linear_combination(parts, coefficients));
    }
  }

 private:
  [[nodiscard]] std::vector<double> factors(const std::vector<double>& norms) const {
    auto sorted = norms;
    const double most = most_ > 0 ? most_ : median(std::span{sorted});
    std::vector<double> result;
    for (const auto norm : norms)
      result.push_back(norm > most ? most / norm : 1);
    return result;
  }

  double most_;
};

}  // namespace

Method<FusionRule> norm_clip_rule() {
  return {.name = "norm-clip",
          .summary = "example-weighted mean of changes that are scaled down to a norm (1911.07963)",
          .parameters = {{.name = "norm",
                          .standard = 0.0,
                          .meaning = "largest Frobenius norm of a whole change; 0 is the median of all norms",
                          .least = 0}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<NormClip>(number(p, "norm"));
          }};
}

}  // namespace edgefuse::server
