#include "server/conflict/cr_sign.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

#include "server/conflict/entrywise_resolver.hpp"
#include "server/conflict/sign_conflict.hpp"
#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

double l1_norm(std::span<const float> change) {
  double sum = 0;
  for (const auto x : change)
    sum += std::abs(static_cast<double>(x));
  return sum;
}

/// Losing entries of one change shrink by 1 - beta.
void shrink_losers(std::span<float> change, double weight, const SignConflict& found,
                   const SignConflictOptions& options) {
  const double before = options.rescale ? l1_norm(change) : 0;
  for (std::size_t e = 0; e < change.size(); ++e) {  // without a branch: who loses is hard to foresee
    const bool loses = (found.mass[e] > options.threshold) & pulls_against(change[e], weight, found.sign[e]);
    change[e] = static_cast<float>((loses ? 1 - options.beta : 1) * change[e]);
  }
  if (!options.rescale) return;
  const double after = l1_norm(change);
  if (after == 0) return;  // every entry lost, nothing is left to scale
  for (auto& x : change)
    x = static_cast<float>(x * (before / after));
}

class CrSign final : public EntrywiseResolver {
 public:
  explicit CrSign(const SignConflictOptions& options) : options_{options} {}

 private:
  void mitigate(std::span<at::Tensor> changes, std::span<const double> weights) const override {
    resolve_signs(changes, weights, options_);
  }
  [[nodiscard]] bool is_identity() const override { return options_.beta == 0; }

  SignConflictOptions options_;
};

}  // namespace

void resolve_signs(std::span<at::Tensor> changes, std::span<const double> weights, const SignConflictOptions& options) {
  const auto found = find_sign_conflict(changes, weights, options.quantile);
  for (std::size_t i = 0; i < changes.size(); ++i)
    shrink_losers(numbers(changes[i]), weights[i], found, options);
}

std::vector<ParameterSpec> sign_conflict_parameters() {
  return {quantile_parameter(),
          threshold_parameter(),
          {.name = "beta",
           .standard = 1.0,
           .meaning = "share of a losing entry that is taken away; 0 changes nothing",
           .least = 0,
           .most = 1},
          {.name = "rescale", .standard = false, .meaning = "scale each change back to its L1 norm"}};
}

SignConflictOptions sign_conflict_options(const Parameters& parameters) {
  return {.quantile = number(parameters, "q"),
          .threshold = number(parameters, "t"),
          .beta = number(parameters, "beta"),
          .rescale = flag(parameters, "rescale")};
}

Method<ConflictResolver> cr_sign() {
  return {.name = "cr-sign",
          .summary = "our reading of LoRA-CR: shrink entries that pull against the elected sign",
          .parameters = sign_conflict_parameters(),
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrSign>(sign_conflict_options(p));
          }};
}

}  // namespace edgefuse::server
