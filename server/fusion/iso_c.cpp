#include "server/fusion/iso_c.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <tuple>

#include "server/fusion/core_space.hpp"

namespace edgefuse::server {
namespace {

class IsoCCore final : public ModuleLocalRule {
 public:
  explicit IsoCCore(double alpha) : alpha_{alpha} {}
  [[nodiscard]] bool needs_low_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const auto space = core_space(parts);
    auto sum = at::zeros_like(space.cores.front());
    for (const auto& core : space.cores)
      sum += core;
    const auto [p, s, q] = at::linalg_svd(sum, /*full_matrices=*/false);
    const double level = s.numel() == 0 ? 0 : alpha_ * s.mean().item<double>();
    return lifted(space, level * at::mm(p, q));
  }

  double alpha_;
};

}  // namespace

Method<FusionRule> iso_c_core_rule() {
  return {.name = "iso-c-core",
          .summary = "the sum with a flat spectrum, within the directions that adapters use (2502.04959)",
          .parameters = {{.name = "alpha", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<IsoCCore>(number(p, "alpha"));
          }};
}

}  // namespace edgefuse::server
