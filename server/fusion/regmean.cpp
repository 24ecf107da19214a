#include "server/fusion/regmean.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/linear_combination.hpp"
#include "server/fusion/statistics.hpp"

namespace edgefuse::server {
namespace {

constexpr double ridge = 1e-6;  // share of the mean diagonal

class RegMean final : public ModuleLocalRule {
 public:
  explicit RegMean(double off_diagonal) : off_diagonal_{off_diagonal} {}
  [[nodiscard]] Reveals needs() const override { return Reveals::gram; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    std::vector<at::Tensor> grams;
    auto sum = at::zeros_like(parts.front().statistics.gram, at::kDouble);
    for (const auto& part : parts)
      sum += grams.emplace_back(shrunk(part.statistics.gram.to(at::kDouble)));
    const double mean_diagonal = sum.diagonal().mean().item<double>();
    if (!(mean_diagonal > 0)) return linear_combination(parts, std::vector<double>(parts.size(), 0.0));
    sum.diagonal().add_(ridge * mean_diagonal);
    const auto root = at::linalg_cholesky(sum);
    // X·S = Y for symmetric S is S·X' = Y'.
    for (std::size_t i = 0; i < parts.size(); ++i)
      parts[i].delta = weighed(parts[i].delta, grams[i], root);
    return linear_combination(parts, std::vector<double>(parts.size(), 1.0));
  }

  [[nodiscard]] at::Tensor shrunk(const at::Tensor& gram) const {
    return off_diagonal_ * gram + (1 - off_diagonal_) * at::diag(gram.diagonal());
  }
  static llm::ModuleDelta weighed(const llm::ModuleDelta& change, const at::Tensor& gram, const at::Tensor& root) {
    const auto solved = [&](const at::Tensor& rows) {
      return at::cholesky_solve(at::mm(gram, rows.to(at::kDouble).t()), root).t().to(at::kFloat).contiguous();
    };
    if (const auto* low = std::get_if<llm::LowRank>(&change)) return llm::LowRank{.a = solved(low->a), .b = low->b};
    return llm::Dense{solved(std::get<llm::Dense>(change).matrix)};
  }

  double off_diagonal_;
};

}  // namespace

Method<FusionRule> regmean_rule() {
  return {.name = "regmean",
          .summary = "least squares on every client's inputs, whose second moments it reveals (2212.09849)",
          .parameters = {{.name = "off-diagonal",
                          .standard = 0.9,
                          .meaning = "factor on correlations between inputs",
                          .least = 0,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<RegMean>(number(p, "off-diagonal"));
          }};
}

}  // namespace edgefuse::server
