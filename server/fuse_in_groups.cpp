#include "server/fuse_in_groups.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "server/fuse.hpp"
#include "server/fusion/truncation.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// What at least one of them covers, of every module that one of them changes.
Coverage covered_together(std::span<const Contribution> contributions) {
  Coverage together;
  for (const auto& contribution : contributions) {
    for (const auto& [id, delta] : contribution.delta) {
      const auto own = covered(contribution.coverage, id);
      const auto [known, is_new] = together.try_emplace(id, own);
      if (!is_new) known->second = united(known->second, own);
    }
  }
  return together;
}

/// The same change, by its singular values where it is dense.
llm::ModelDelta as_factors(llm::ModelDelta change) {
  for (auto& [id, module] : change)
    if (const auto* dense = std::get_if<llm::Dense>(&module))
      module = truncated(module, std::min(dense->matrix.size(0), dense->matrix.size(1))).factors;
  return change;
}

}  // namespace

llm::ModelDelta fuse_in_groups(std::span<const Contribution> contributions, std::span<const std::uint32_t> groups,
                               const ConflictResolver& resolver, const FusionRule& rule, const FusionSeed& seed,
                               const PublicLoss& public_loss) {
  EDGEFUSE_EXPECTS(groups.size() == contributions.size(), "every contribution has a group");
  std::map<std::uint32_t, std::vector<Contribution>> members;
  for (std::size_t i = 0; i < groups.size(); ++i)
    members[groups[i]].push_back(contributions[i]);
  const bool of_factors = rule.needs_low_rank() || resolver.needs_low_rank();
  std::vector<Contribution> fused;
  for (const auto& [group, own] : members) {
    double weight = 0;
    for (const auto& contribution : own)
      weight += contribution.weight;
    auto delta = fuse(own, resolver, rule, seed, public_loss);
    fused.push_back({.client = group,
                     .weight = weight,
                     .delta = of_factors ? as_factors(std::move(delta)) : std::move(delta),
                     .coverage = covered_together(own)});
  }
  return fuse(fused, resolver, rule, seed, public_loss);
}

}  // namespace edgefuse::server
