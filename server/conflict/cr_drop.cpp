#include "server/conflict/cr_drop.hpp"

#include <cstddef>
#include <memory>

#include "server/conflict/entrywise_resolver.hpp"
#include "server/conflict/sign_conflict.hpp"
#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

class CrDrop final : public EntrywiseResolver {
 public:
  CrDrop(double quantile, double threshold) : quantile_{quantile}, threshold_{threshold} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> weights) const override {
    const auto found = find_sign_conflict(changes, weights, quantile_);
    for (auto& change : changes) {
      const auto values = numbers(change);
      for (std::size_t e = 0; e < values.size(); ++e)
        if (found.mass[e] > threshold_) values[e] = 0;
    }
  }

  double quantile_;
  double threshold_;
};

}  // namespace

Method<ConflictResolver> cr_drop() {
  return {.name = "cr-drop",
          .summary = "zero every change of an entry in conflict, so that only consensus is left",
          .parameters = {quantile_parameter(), threshold_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrDrop>(number(p, "q"), number(p, "t"));
          }};
}

}  // namespace edgefuse::server
