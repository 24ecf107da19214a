#include "server/fusion/cabs.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/disjoint_masks.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

class Cabs final : public ModuleLocalRule {
 public:
  Cabs(std::size_t n, std::size_t m, double lambda) : n_{n}, m_{m}, lambda_{lambda} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    auto changes = own_dense(parts);
    keep_disjoint(changes, n_, m_);
    return linear_combination(with_matrices(std::move(parts), changes), std::vector<double>(changes.size(), lambda_));
  }

  std::size_t n_;
  std::size_t m_;
  double lambda_;
};

}  // namespace

Method<FusionRule> cabs_rule() {
  auto parameters = parameters_of_masks();
  parameters.push_back({.name = "lambda", .standard = 1.0, .meaning = "factor on the sum"});
  return {
      .name = "cabs",
      .summary = "each takes the n largest of m entries that those before it left, lambda times the sum (2503.01874)",
      .parameters = std::move(parameters),
      .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
        return std::make_unique<Cabs>(static_cast<std::size_t>(number(p, "n")),
                                      static_cast<std::size_t>(number(p, "m")), number(p, "lambda"));
      }};
}

}  // namespace edgefuse::server
