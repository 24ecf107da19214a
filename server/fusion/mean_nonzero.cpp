#include "server/fusion/mean_nonzero.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

class MeanNonzero final : public ModuleLocalRule {
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& all) const override;
};

llm::ModuleDelta MeanNonzero::fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const {
  std::vector<double> sum;
  std::vector<std::uint32_t> count;
  at::Tensor result;
  for (const auto& part : parts) {
    result = llm::dense(part.delta).to(at::kFloat).contiguous();
    const auto values = numbers(std::as_const(result));
    sum.resize(values.size(), 0.0);
    count.resize(values.size(), 0);
    for (std::size_t e = 0; e < values.size(); ++e) {
      sum[e] += values[e];
      count[e] += values[e] != 0 ? 1 : 0;
    }
  }
  result = at::empty_like(result);
  const auto out = numbers(result);
  for (std::size_t e = 0; e < out.size(); ++e)
    out[e] = count[e] == 0 ? 0 : static_cast<float>(sum[e] / count[e]);
  return llm::Dense{result};
}

}  // namespace

Method<FusionRule> mean_nonzero_rule() {
  return {.name = "mean-nonzero",
          .summary = "mean of the non-zero changes of each entry, unweighted",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<FusionRule> { return std::make_unique<MeanNonzero>(); }};
}

}  // namespace edgefuse::server
