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

/// b -= d, each column scaled down to the limit.
void subtract_clipped(at::Tensor& b, const at::Tensor& d, double limit) {
  for (std::int64_t j = 0; j < b.size(1); ++j) {
    const double most = limit * mean_magnitude(b, j);
    const double asked = mean_magnitude(d, j);
    b.select(1, j).sub_(d.select(1, j), asked <= most ? 1 : most / asked);
  }
}

class Correction final : public Recovery {
 public:
  explicit Correction(double limit) : limit_{limit} {}

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
  auto b = padded(module.b, 0, out);
  if (!missing.any().item<bool>()) return {.a = padded(module.a, 1, in), .b = b};

  const auto [p, sigma, q] = at::linalg_svd(module.a.to(at::kDouble), /*full_matrices=*/false);
  b = at::mm(b.to(at::kDouble), p * sigma).contiguous();
  subtract_clipped(b, at::mm(missing.to(at::kDouble), q.t()).contiguous(), limit);
  const auto type = module.a.scalar_type();
  return {.a = padded(q.to(type).contiguous(), 1, in), .b = b.to(type)};
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
