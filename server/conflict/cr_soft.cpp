#include "server/conflict/cr_soft.hpp"

#include <cstddef>
#include <memory>

#include "server/conflict/entrywise_resolver.hpp"
#include "server/conflict/sign_conflict.hpp"
#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

class CrSoft final : public EntrywiseResolver {
 public:
  CrSoft(double quantile, double beta) : quantile_{quantile}, beta_{beta} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> weights) const override {
    const auto found = find_sign_conflict(changes, weights, quantile_);
    for (auto& change : changes) {
      const auto values = numbers(change);
      for (std::size_t e = 0; e < values.size(); ++e)
        values[e] = static_cast<float>((1 - beta_ * found.mass[e]) * values[e]);
    }
  }
  [[nodiscard]] bool is_identity() const override { return beta_ == 0; }

  double quantile_;
  double beta_;
};

}  // namespace

Method<ConflictResolver> cr_soft() {
  return {.name = "cr-soft",
          .summary = "shrink every change of an entry by the share of it that cancels",
          .parameters = {quantile_parameter(),
                         {.name = "beta",
                          .standard = 1.0,
                          .meaning = "an entry with conflict mass c is multiplied by 1 - beta c; 0 changes nothing",
                          .least = 0,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrSoft>(number(p, "q"), number(p, "beta"));
          }};
}

}  // namespace edgefuse::server
