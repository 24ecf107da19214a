#include "server/recovery/correction.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <tuple>

#include "llm/threads.hpp"
#include "server/recovery/placement.hpp"
#include "server/recovery/zero_fill.hpp"

namespace edgefuse::server {
namespace {

/// Mean magnitude of column `j` of a contiguous float64 matrix.
double mean_magnitude(const at::Tensor& matrix, std::int64_t j) {
  const auto* value = matrix.data_ptr<double>() + j;
  double sum = 0;
  for (std::int64_t row = 0; row < matrix.size(0); ++row)
    sum += std::abs(value[row * matrix.size(1)]);
  return sum / static_cast<double>(matrix.size(0));
}

/// d, each column scaled down to the limit among those of b.
at::Tensor clipped(at::Tensor d, const at::Tensor& b, double limit) {
  for (std::int64_t j = 0; j < b.size(1); ++j) {
    const double most = limit * mean_magnitude(b, j);
    const double asked = mean_magnitude(d, j);
    if (asked > most) d.select(1, j).mul_(most / asked);
  }
  return d;
}

/// Of descending singular values, how many are more than what rounding makes of zero.
std::int64_t rank_of(const at::Tensor& sigma) {
  return (sigma > 1e-12 * sigma[0]).sum().item<std::int64_t>();
}

class Correction final : public Recovery {
 public:
  explicit Correction(double limit) : limit_{limit} {}

  [[nodiscard]] bool corrects() const override { return true; }

  [[nodiscard]] Recovered recover(const llm::Update& update, const RecoveryContext& context) const override {
    if (const auto refused = refusal(update)) return *refused;
    llm::use_one_thread_per_gang();  // a product's last bits may depend on how many threads share it
    llm::ModelDelta delta;
    for (const auto& [id, factors] : update.adapter.modules) {
      expect_shape(factors, placement(context.base.config, update.variant, id).variant);
      delta[id] = corrected({.base = host_weight(context.base, id),
                             .variant = host_weight(context.variant, id),
                             .a = factors.a,
                             .b = factors.b * update.adapter.spec.scale()},
                            limit_);
    }
    return unless_refused(std::move(delta));
  }

 private:
  double limit_;
};

}  // namespace

llm::LowRank corrected(const CorrectionInput& module, double limit) {
  const auto out = module.base.size(0);
  const auto in = module.base.size(1);
  const auto missing = module.base.narrow(1, 0, module.variant.size(1)) - padded(module.variant, 0, out);
  llm::LowRank recovered{.a = padded(module.a, 1, in), .b = padded(module.b, 0, out)};
  if (!missing.any().item<bool>()) return recovered;

  const auto [all_p, all_sigma, all_q] = at::linalg_svd(module.a.to(at::kDouble), /*full_matrices=*/false);
  const auto k = rank_of(all_sigma);
  const auto [p, sigma, q] = std::tuple{all_p.narrow(1, 0, k), all_sigma.narrow(0, 0, k), all_q.narrow(0, 0, k)};
  const auto b = recovered.b.to(at::kDouble);
  const auto c = clipped(at::mm(missing.to(at::kDouble), q.t()).contiguous(), at::mm(b, p * sigma).contiguous(), limit);
  recovered.b = (b - at::mm(c / sigma, p.t())).to(module.a.scalar_type());
  return recovered;
}

Method<Recovery> correction_recovery() {
  return {.name = "correction",
          .summary = "zero-fill, then EMLoC's correction for what the variant's weights lacked (2506.12015)",
          .parameters = {{.name = "limit",
                          .standard = 3.0,
                          .meaning = "a column of B moves by at most so many times its own mean magnitude",
                          .least = 0}},
          .make = [](const Parameters& p) -> std::unique_ptr<Recovery> {
            return std::make_unique<Correction>(number(p, "limit"));
          }};
}

}  // namespace edgefuse::server
