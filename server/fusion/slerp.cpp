#include "server/fusion/slerp.hpp"

#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "server/fusion/gram.hpp"
#include "server/fusion/linear_combination.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

class Slerp final : public FusionRule {
 public:
  explicit Slerp(double t) : t_{t} {}

  [[nodiscard]] std::size_t least_contributions() const override { return 2; }

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    if (modules.contributions != 2)
      throw InputError{Mistake{.key = "slerp",
                               .problem = fmt::format("{} adapters to fuse", modules.contributions),
                               .remedy = "give it two, or use karcher, which takes any number"}};
    for (const auto& [id, shape] : modules.shapes) {
      const auto parts = modules.parts(id);
      const auto both = coefficients(Gram{parts});
      sink(id, linear_combination(parts, of_parts(parts, both)));
    }
  }

 private:
  [[nodiscard]] std::array<double, 2> coefficients(const Gram& products) const {
    const std::array<double, 2> straight = {1 - t_, t_};
    if (products.size() != 2 || products.norm(0) == 0 || products.norm(1) == 0) return straight;
    const double cosine = products.cosine(0, 1);
    if (std::abs(cosine) > 0.9995) return straight;
    const double angle = std::acos(cosine);
    return {std::sin((1 - t_) * angle) / std::sin(angle), std::sin(t_ * angle) / std::sin(angle)};
  }

  double t_;
};

}  // namespace

Method<FusionRule> slerp_rule() {
  return {.name = "slerp",
          .summary = "from one change to another along the arc between them; exactly two adapters",
          .parameters = {{.name = "t",
                          .standard = 0.5,
                          .meaning = "how far from the adapter of the lower client id to the other",
                          .least = 0,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Slerp>(number(p, "t"));
          }};
}

}  // namespace edgefuse::server
