#include "server/fusion/dare.hpp"

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/election.hpp"
#include "server/fusion/linear_combination.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// What is left of a module after each client's own draws.
ModuleParts thinned(const ModuleSource& modules, llm::ModuleId module, ModuleParts parts, double p) {
  const auto masks = dare_masks(modules.seed, module, parts, p);
  return drop_and_rescale(std::move(parts), masks, p);
}

class DareLinear final : public FusionRule {
 public:
  DareLinear(double p, double lambda) : p_{p}, lambda_{lambda} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    for (const auto& [id, shape] : modules.shapes) {
      const auto parts = thinned(modules, id, modules.parts(id), p_);
      sink(id, linear_combination(parts, std::vector<double>(parts.size(), lambda_)));
    }
  }

 private:
  double p_;
  double lambda_;
};

class DareTies final : public FusionRule {
 public:
  DareTies(double p, Scope scope, double lambda) : p_{p}, scope_{scope}, lambda_{lambda} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    const Prepare prepare = [&](llm::ModuleId id, const ModuleParts& parts) {
      std::vector<at::Tensor> changes;
      for (const auto& part : thinned(modules, id, parts, p_))
        changes.push_back(std::get<llm::Dense>(part.delta).matrix);
      return changes;
    };
    fuse_by_election(
        modules, scope_, lambda_, [&] { return prepare; }, sink);
  }

 private:
  double p_;
  Scope scope_;
  double lambda_;
};

/// At 1 nothing would be left to rescale.
ParameterSpec share_dropped() {
  return {.name = "p",
          .standard = 0.6,
          .meaning = "share of each change's entries that is dropped at random",
          .least = 0,
          .most = 0.999};
}

}  // namespace

ModuleParts drop_and_rescale(ModuleParts parts, std::span<const Mask> masks, double p) {
  EDGEFUSE_EXPECTS(masks.size() == parts.size() && p < 1, "each part has a mask, and something is kept");
  auto changes = own_dense(parts);
  for (std::size_t i = 0; i < changes.size(); ++i)
    apply_mask(masks[i], numbers(changes[i]), 1 / (1 - p));
  return with_matrices(std::move(parts), changes);
}

std::vector<Mask> dare_masks(const FusionSeed& seed, llm::ModuleId module, const ModuleParts& parts, double p) {
  std::vector<Mask> masks;
  for (const auto& part : parts) {
    const auto [out, in] = shape_of(part.delta);
    masks.push_back(
        random_mask(static_cast<std::size_t>(out * in), p, draws(seed, sim::Domain::fusion_mask, module, part.client)));
  }
  return masks;
}

Method<FusionRule> dare_linear_rule() {
  return {.name = "dare-linear",
          .summary = "entries dropped at random, the others rescaled, then lambda times the sum (2311.03099)",
          .parameters = {share_dropped(), {.name = "lambda", .standard = 0.4, .meaning = "factor on the sum"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<DareLinear>(number(p, "p"), number(p, "lambda"));
          }};
}

Method<FusionRule> dare_ties_rule() {
  return {.name = "dare-ties",
          .summary = "entries dropped at random, the others rescaled, then ties without trimming (2311.03099)",
          .parameters = {share_dropped(),
                         scope_parameter("where signs are counted to settle ties: each module or the whole model",
                                         {"tensor", "model"}),
                         {.name = "lambda", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<DareTies>(number(p, "p"), scope_of(p), number(p, "lambda"));
          }};
}

}  // namespace edgefuse::server
