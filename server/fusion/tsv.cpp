#include "server/fusion/tsv.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/spectrum.hpp"

namespace edgefuse::server {
namespace {

/// The nearest matrix with orthonormal columns: P·Q' of P·S·Q' (the polar factor; Schönemann 1966).
at::Tensor nearest_orthonormal(const at::Tensor& columns) {
  const auto [p, s, q] = at::linalg_svd(columns, /*full_matrices=*/false);
  return at::mm(p, q);
}

/// Of singular values [k], falling, how many are more than the rounding of a float32 matrix: the vectors of the others
/// are arbitrary, and would turn those of every change.
std::int64_t rank_of(const at::Tensor& s) {
  return s.size(0) == 0 ? 0 : (s > 1e-6 * s[0]).sum().item<std::int64_t>();
}

class Tsv final : public ModuleLocalRule {
 public:
  explicit Tsv(double alpha) : alpha_{alpha} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override {
    const auto shape = shape_of(parts.front().delta);
    const auto share = std::min(shape.out, shape.in) / static_cast<std::int64_t>(all.contributions);
    std::vector<at::Tensor> u;
    std::vector<at::Tensor> s;
    std::vector<at::Tensor> v;
    for (const auto& part : parts) {
      const auto own = spectrum_of(part.delta);
      const auto kept = std::min(share, rank_of(own.s));
      u.push_back(own.u.narrow(1, 0, kept));
      s.push_back(own.s.narrow(0, 0, kept));
      v.push_back(own.vt.narrow(0, 0, kept).t());
    }
    const auto left = nearest_orthonormal(at::cat(u, 1));
    const auto right = nearest_orthonormal(at::cat(v, 1));
    return smaller_form({.a = right.t(), .b = left * (alpha_ * at::cat(s, 0))});
  }

  double alpha_;
};

}  // namespace

Method<FusionRule> tsv_rule() {
  return {.name = "tsv",
          .summary = "each change's first singular triplets, made orthogonal to each other's (2412.00081)",
          .parameters = {{.name = "alpha", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Tsv>(number(p, "alpha"));
          }};
}

}  // namespace edgefuse::server
