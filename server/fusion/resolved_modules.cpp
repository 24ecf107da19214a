#include "server/fusion/resolved_modules.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "server/fusion/dense_parts.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

bool finite(const at::Tensor& tensor) {
  return at::isfinite(tensor).all().item<bool>();
}

bool finite(const llm::ModuleDelta& delta) {
  if (const auto* low = std::get_if<llm::LowRank>(&delta)) return finite(low->a) && finite(low->b);
  return finite(std::get<llm::Dense>(delta).matrix);
}

std::string shown(const llm::MatrixShape& shape) {
  return std::to_string(shape.out) + " x " + std::to_string(shape.in);
}

Mistake about(const Contribution& contribution, std::string problem, std::string remedy) {
  return {.key = "adapter of client " + std::to_string(contribution.client),
          .problem = std::move(problem),
          .remedy = std::move(remedy)};
}

}  // namespace

ResolvedModules::ResolvedModules(std::span<const Contribution> contributions, const ConflictResolver& resolver)
    : resolver_{&resolver} {
  for (const auto& contribution : contributions)
    sorted_.push_back(&contribution);
  std::ranges::stable_sort(sorted_, {}, &Contribution::client);

  std::vector<Mistake> mistakes;
  for (const auto* contribution : sorted_) {
    if (!(std::isfinite(contribution->weight) && contribution->weight >= 0))
      mistakes.push_back(
          about(*contribution, "weight " + std::to_string(contribution->weight), "0 or a positive number"));
    total_weight_ += contribution->weight;
    for (const auto& [id, delta] : contribution->delta) {
      const auto shape = shape_of(delta);
      const auto [known, is_new] = shapes_.try_emplace(id, shape);
      if (known->second != shape)
        mistakes.push_back(about(*contribution,
                                 id.name() + " is " + shown(shape) + ", elsewhere " + shown(known->second),
                                 "fuse adapters of one base, recovered to its shapes"));
      if (!finite(delta))
        mistakes.push_back(about(*contribution, id.name() + " holds NaN or Inf", "leave this adapter out"));
    }
  }
  if (mistakes.empty() && !sorted_.empty() && total_weight_ == 0)
    mistakes.push_back({.key = "weights", .problem = "all are 0", .remedy = "give one adapter a positive weight"});
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

ModuleParts ResolvedModules::parts(llm::ModuleId module) const {
  ModuleParts found;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const auto it = sorted_[i]->delta.find(module);
    if (it == sorted_[i]->delta.end()) continue;
    found.push_back({.index = i,
                     .weight = sorted_[i]->weight,
                     .delta = it->second,
                     .coverage = covered(sorted_[i]->coverage, module)});
  }
  return resolver_->resolve(module, std::move(found));
}

}  // namespace edgefuse::server
