#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/conflict/resolved.hpp"
#include "server/fuse.hpp"
#include "tests/server/deltas.hpp"

namespace edgefuse::server::testing {

/// A conflict resolver by its name, with parameters.
struct Resolving {
  std::string name;
  Parameters parameters{};
};

using PartsByModule = std::map<llm::ModuleId, ModuleParts>;

inline PartsByModule parts_of(const ModuleSource& source) {
  PartsByModule all;
  for (const auto& [id, shape] : source.shapes)
    all[id] = source.parts(id);
  return all;
}

/// What `how` makes of every module's parts.
inline PartsByModule resolved_parts(const std::vector<Contribution>& contributions, const Resolving& how,
                                    const FusionSeed& seed = {}) {
  const auto resolver = conflict_resolvers().make(how.name, how.parameters);
  return parts_of(server::resolved(source_of(contributions, seed, WeightSigns::any), *resolver));
}

/// The same contributions with dense changes that share no memory with them.
inline std::vector<Contribution> dense_copies(std::vector<Contribution> contributions) {
  for (auto& contribution : contributions)
    for (auto& [id, delta] : contribution.delta)
      delta = llm::Dense{llm::dense(delta).clone()};
  return contributions;
}

/// One module, one change each, of weights 1, 2, 3, ...
inline std::vector<Contribution> of_changes(const std::vector<llm::ModuleDelta>& changes) {
  std::vector<Contribution> all;
  for (std::uint32_t i = 0; i < changes.size(); ++i)
    all.push_back({.client = i, .weight = 1.0 + i, .delta = {{q0, changes[i]}}});
  return all;
}

/// A change's entries in float64, row by row, by the definition of a product.
inline std::vector<double> entries_of(const llm::ModuleDelta& delta) {
  std::vector<double> entries;
  if (const auto* whole = std::get_if<llm::Dense>(&delta)) {
    for (std::int64_t row = 0; row < whole->matrix.size(0); ++row)
      for (std::int64_t column = 0; column < whole->matrix.size(1); ++column)
        entries.push_back(whole->matrix[row][column].item<double>());
    return entries;
  }
  const auto& low = std::get<llm::LowRank>(delta);
  const auto a = low.a.to(at::kDouble).contiguous();
  const auto b = low.b.to(at::kDouble).contiguous();
  for (std::int64_t row = 0; row < b.size(0); ++row) {
    for (std::int64_t column = 0; column < a.size(1); ++column) {
      double sum = 0;
      for (std::int64_t k = 0; k < a.size(0); ++k)
        sum += b.data_ptr<double>()[row * b.size(1) + k] * a.data_ptr<double>()[k * a.size(1) + column];
      entries.push_back(sum);
    }
  }
  return entries;
}

/// Entries of every part of one module.
inline std::vector<std::vector<double>> entries_of(const ModuleParts& parts) {
  std::vector<std::vector<double>> all;
  for (const auto& part : parts)
    all.push_back(entries_of(part.delta));
  return all;
}

}  // namespace edgefuse::server::testing
