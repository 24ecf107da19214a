#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"
#include "sim/random.hpp"

namespace edgefuse::server::testing {

inline at::Tensor random_tensor(std::vector<std::int64_t> shape, sim::Draws& draws) {
  auto tensor = at::empty(shape, at::kFloat);
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    tensor.data_ptr<float>()[i] = static_cast<float>(draws.normal());
  return tensor;
}

inline llm::LowRank random_low_rank(std::int64_t out, std::int64_t in, std::int64_t rank, sim::Draws& draws) {
  return {.a = random_tensor({rank, in}, draws), .b = random_tensor({out, rank}, draws)};
}

inline const llm::ModuleId q0{.layer = 0, .projection = llm::Projection::q};
inline const llm::ModuleId down0{.layer = 0, .projection = llm::Projection::down};
inline const llm::ModuleId gate1{.layer = 1, .projection = llm::Projection::gate};

/// Low-rank changes of three modules by `count` clients, with ranks 1, 2, 3, 4, 1, ..., or `one_rank` where it is not
/// 0, and uneven weights. Every third client lacks a module.
inline std::vector<Contribution> random_contributions(std::uint32_t count, std::uint64_t seed,
                                                      std::int64_t one_rank = 0) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  std::vector<Contribution> all;
  for (std::uint32_t client = 0; client < count; ++client) {
    const std::int64_t rank = one_rank > 0 ? one_rank : 1 + client % 4;
    Contribution one{.client = client, .weight = 1 + draws.uniform() * 9, .delta = {}};
    one.delta[q0] = random_low_rank(21, 34, rank, draws);
    one.delta[down0] = random_low_rank(34, 55, rank, draws);
    if (client % 3 != 2) one.delta[gate1] = random_low_rank(55, 34, rank, draws);
    all.push_back(std::move(one));
  }
  return all;
}

/// How many contributions a rule takes that does not take just any number, else `otherwise`.
inline std::uint32_t how_many(const std::string& rule, std::uint32_t otherwise) {
  return rule == "slerp" ? 2 : otherwise;
}

/// Largest absolute difference; infinite when the shapes differ.
inline double distance(const at::Tensor& x, const at::Tensor& y) {
  if (x.sizes() != y.sizes()) return std::numeric_limits<double>::infinity();
  return x.numel() == 0 ? 0 : (x.to(at::kDouble) - y.to(at::kDouble)).abs().max().item<double>();
}

/// Whether two changes have the same form and the same bits.
inline bool same_bits(const llm::ModelDelta& x, const llm::ModelDelta& y) {
  if (x.size() != y.size()) return false;
  for (const auto& [id, delta] : x) {
    const auto other = y.find(id);
    if (other == y.end() || other->second.index() != delta.index()) return false;
    if (const auto* low = std::get_if<llm::LowRank>(&delta)) {
      const auto& mate = std::get<llm::LowRank>(other->second);
      if (!at::equal(low->a, mate.a) || !at::equal(low->b, mate.b)) return false;
    } else if (!at::equal(std::get<llm::Dense>(delta).matrix, std::get<llm::Dense>(other->second).matrix)) {
      return false;
    }
  }
  return true;
}

}  // namespace edgefuse::server::testing
