#include "server/fusion/election.hpp"

#include <cstdint>

#include "server/fusion/disjoint_mean.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

std::int64_t balance_of_all(const ModuleSource& modules, const Prepare& prepare) {
  std::int64_t balance = 0;
  for (const auto& [id, shape] : modules.shapes)
    balance += sign_balance(prepare(id, modules.parts(id)));
  return balance;
}

}  // namespace

void fuse_by_election(const ModuleSource& modules, Scope scope, double lambda, const std::function<Prepare()>& begin,
                      const DeltaSink& sink) {
  const bool whole = scope == Scope::model;
  const auto balance = whole ? balance_of_all(modules, begin()) : 0;
  const auto prepare = begin();
  for (const auto& [id, shape] : modules.shapes) {
    const auto changes = prepare(id, modules.parts(id));
    sink(id, llm::Dense{disjoint_mean(changes, whole ? balance : sign_balance(changes), lambda)});
  }
}

void fuse_by_weighted_election(const ModuleSource& modules, double lambda, const Prepare& prepare,
                               const DeltaSink& sink) {
  constexpr std::int64_t ties_are_positive = 0;
  for (const auto& [id, shape] : modules.shapes) {
    const auto parts = modules.parts(id);
    const auto changes = prepare(id, parts);
    sink(id, llm::Dense{disjoint_mean(changes, weights_of(parts), ties_are_positive, lambda)});
  }
}

}  // namespace edgefuse::server
