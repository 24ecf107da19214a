#include "server/fusion/module_source.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

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
  return fmt::format("{} x {}", shape.out, shape.in);
}

/// Gathers what is wrong with the contributions, and their shapes.
class Check {
 public:
  Check(ModuleSource& source, WeightSigns signs) : source_{source}, signs_{signs} {}

  void add(const Contribution& contribution) {
    const double weight = contribution.weight;
    if (!std::isfinite(weight) || (weight < 0 && signs_ == WeightSigns::positive))
      note(contribution, fmt::format("weight {}", weight),
           signs_ == WeightSigns::positive ? "0 or a positive number" : "a finite number");
    source_.total_weight += weight;
    all_zero_ = all_zero_ && weight == 0;
    for (const auto& [id, delta] : contribution.delta) {
      const auto shape = shape_of(delta);
      const auto [known, is_new] = source_.shapes.try_emplace(id, shape);
      if (known->second != shape)
        note(contribution, fmt::format("{} is {}, elsewhere {}", id.name(), shown(shape), shown(known->second)),
             "fuse adapters of one base, recovered to its shapes");
      if (!finite(delta)) note(contribution, id.name() + " holds NaN or Inf", "leave this adapter out");
    }
  }

  void finish(bool any) {
    if (mistakes_.empty() && any && all_zero_)
      mistakes_.push_back({.key = "weights", .problem = "all are 0", .remedy = "give one adapter a weight"});
    if (!mistakes_.empty()) throw InputError{std::move(mistakes_)};
  }

 private:
  void note(const Contribution& contribution, std::string problem, std::string remedy) {
    mistakes_.push_back({.key = fmt::format("adapter of client {}", contribution.client),
                         .problem = std::move(problem),
                         .remedy = std::move(remedy)});
  }

  ModuleSource& source_;
  WeightSigns signs_;
  bool all_zero_ = true;
  std::vector<Mistake> mistakes_;
};

}  // namespace

ModuleSource source_of(std::span<const Contribution> contributions, const FusionSeed& seed, WeightSigns signs) {
  std::vector<const Contribution*> sorted;
  for (const auto& contribution : contributions)
    sorted.push_back(&contribution);
  std::ranges::stable_sort(sorted, {}, &Contribution::client);

  ModuleSource source{
      .shapes = {}, .contributions = sorted.size(), .total_weight = 0, .seed = seed, .parts = {}, .public_loss = {}};
  Check check{source, signs};
  for (const auto* contribution : sorted)
    check.add(*contribution);
  check.finish(!sorted.empty());
  source.parts = [sorted = std::move(sorted)](llm::ModuleId module) {
    ModuleParts found;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const auto it = sorted[i]->delta.find(module);
      if (it == sorted[i]->delta.end()) continue;
      found.push_back({.index = i,
                       .client = sorted[i]->client,
                       .weight = sorted[i]->weight,
                       .delta = it->second,
                       .coverage = covered(sorted[i]->coverage, module),
                       .scale = sorted[i]->scale});
      const auto revealed = sorted[i]->statistics.find(module);
      if (revealed != sorted[i]->statistics.end()) found.back().statistics = revealed->second;
    }
    return found;
  };
  return source;
}

ModuleSource revealing(ModuleSource source, Reveals what) {
  if (what == Reveals::nothing) return source;
  auto result = source;
  result.parts = [parts = std::move(source.parts), what](llm::ModuleId module) {
    auto found = parts(module);
    for (const auto& part : found)
      if (!part.statistics.of(what).defined())
        throw InputError{Mistake{.key = fmt::format("adapter of client {}", part.client),
                                 .problem = fmt::format("reveals no \"{}\" of {}", name_of(what), module.name()),
                                 .remedy = "edgefuse train --reveal writes it; or use a rule that needs none"}};
    return found;
  };
  return result;
}

}  // namespace edgefuse::server
