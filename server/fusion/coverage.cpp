#include "server/fusion/coverage.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <utility>

#include "server/recovery/placement.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// Nothing is left out: then it is not worth a number.
Kept first_of(std::int64_t count, std::int64_t size) {
  return count == size ? Kept{} : Kept::first(count);
}

}  // namespace

Kept Kept::only(std::vector<std::int64_t> indices) {
  EDGEFUSE_EXPECTS(std::ranges::adjacent_find(indices, std::ranges::greater_equal{}) == indices.end(),
                   "kept indices ascend, each once");
  EDGEFUSE_EXPECTS(indices.empty() || indices.front() >= 0, "kept indices start from 0");
  return Kept{std::move(indices)};
}

Kept::Indices Kept::indices() const {
  if (const auto* listed = std::get_if<Indices>(&what_)) return *listed;
  Indices counted(static_cast<std::size_t>(std::get<std::int64_t>(what_)));
  std::iota(counted.begin(), counted.end(), std::int64_t{0});
  return counted;
}

bool Kept::all_of(std::int64_t size) const {
  if (std::holds_alternative<Everything>(what_)) return true;
  if (const auto* count = std::get_if<std::int64_t>(&what_)) return *count == size;
  return static_cast<std::int64_t>(std::get<Indices>(what_).size()) == size;
}

std::vector<double> Kept::indicator(std::int64_t size) const {
  if (std::holds_alternative<Everything>(what_)) return std::vector<double>(static_cast<std::size_t>(size), 1.0);
  std::vector<double> result(static_cast<std::size_t>(size), 0.0);
  for (const auto index : indices()) {
    EDGEFUSE_EXPECTS(index < size, "what is kept exists");
    result[static_cast<std::size_t>(index)] = 1;
  }
  return result;
}

Kept united(const Kept& x, const Kept& y) {
  if (std::holds_alternative<Kept::Everything>(x.what_)) return x;
  if (std::holds_alternative<Kept::Everything>(y.what_)) return y;
  const auto* first = std::get_if<std::int64_t>(&x.what_);
  const auto* second = std::get_if<std::int64_t>(&y.what_);
  if (first != nullptr && second != nullptr) return Kept::first(std::max(*first, *second));
  Kept::Indices both;
  std::ranges::set_union(x.indices(), y.indices(), std::back_inserter(both));
  return Kept::only(std::move(both));
}

namespace {

/// The channels of whole units of `width`.
Kept channels(const std::vector<std::int64_t>& units, std::int64_t width) {
  std::vector<std::int64_t> indices;
  for (const auto unit : units)
    for (std::int64_t i = 0; i < width; ++i)
      indices.push_back(unit * width + i);
  return Kept::only(std::move(indices));
}

}  // namespace

Coverage coverage_of(const llm::VariantShape& shape, const llm::ModelConfig& config) {
  Coverage coverage;
  for (std::size_t layer = 0; layer < shape.layers.size(); ++layer) {
    for (const auto projection : llm::all_projections) {
      const llm::ModuleId id{.layer = static_cast<std::int32_t>(layer), .projection = projection};
      const auto [variant, base] = placement(config, shape, id);
      if (variant != base)
        coverage[id] = {.rows = first_of(variant.out, base.out), .columns = first_of(variant.in, base.in)};
    }
  }
  return coverage;
}

Coverage coverage_of(const llm::KeptUnits& kept, const llm::ModelConfig& config) {
  Coverage coverage;
  for (std::size_t layer = 0; layer < kept.size(); ++layer) {
    const auto& [kv_heads, neurons] = kept[layer];
    const auto width = config.head_dim;
    const std::map<llm::Projection, Kept> rows = {{llm::Projection::q, channels(kv_heads, width * config.group())},
                                                  {llm::Projection::k, channels(kv_heads, width)},
                                                  {llm::Projection::v, channels(kv_heads, width)},
                                                  {llm::Projection::gate, channels(neurons, 1)},
                                                  {llm::Projection::up, channels(neurons, 1)}};
    const auto index = static_cast<std::int32_t>(layer);
    for (const auto& [projection, of_rows] : rows)
      coverage[{.layer = index, .projection = projection}] = {.rows = of_rows};
    coverage[{.layer = index, .projection = llm::Projection::o}] = {.columns = rows.at(llm::Projection::q)};
    coverage[{.layer = index, .projection = llm::Projection::down}] = {.columns = rows.at(llm::Projection::up)};
  }
  return coverage;
}

ModuleCoverage covered(const Coverage& coverage, llm::ModuleId module) {
  const auto found = coverage.find(module);
  return found == coverage.end() ? ModuleCoverage{} : found->second;
}

ModuleCoverage united(const ModuleCoverage& x, const ModuleCoverage& y) {
  return {.rows = united(x.rows, y.rows), .columns = united(x.columns, y.columns)};
}

}  // namespace edgefuse::server
