#include "data/partitioners/dirichlet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/partitioners/shares.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

/// A number of {0, ..., weights.size() - 1} with probability in proportion to its weight; some weight is above 0.
std::size_t draw_index(const std::vector<double>& weights, sim::Draws& draws) {
  const double point = draws.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  double passed = 0;
  std::size_t last = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] <= 0) continue;
    last = k;
    passed += weights[k];
    if (point < passed) break;
  }
  return last;
}

/// Examples not given away yet, in one shuffled pile for each label.
struct Piles {
  std::vector<std::vector<std::size_t>> unused;
  std::vector<double> share;  // of each label in the whole dataset

  Piles(std::span<const std::string> labels, sim::Draws& draws) {
    for (auto& [label, indices] : indices_by_label(labels)) {
      share.push_back(static_cast<double>(indices.size()) / static_cast<double>(labels.size()));
      draws.shuffle(indices);
      unused.push_back(std::move(indices));
    }
  }
  std::size_t take(std::size_t label) {
    const auto index = unused[label].back();
    unused[label].pop_back();
    return index;
  }
};

class Dirichlet final : public Partitioner {
 public:
  explicit Dirichlet(double alpha) : alpha_{alpha} {}

  [[nodiscard]] Partition partition(const PartitionRequest& request) const override {
    require_enough_examples(request);
    const auto clients = static_cast<std::size_t>(request.clients);
    sim::Draws common{{.seed = request.seed, .domain = sim::Domain::partition}};
    Piles piles{request.labels, common};
    std::vector<std::size_t> order(clients);
    std::iota(order.begin(), order.end(), std::size_t{0});
    common.shuffle(order);

    Partition partition(clients);
    for (const auto client : order) {
      const auto quota = request.labels.size() / clients + (client < request.labels.size() % clients ? 1 : 0);
      // Round 1 keeps these streams apart from the common one.
      sim::Draws draws{{request.seed, sim::Domain::partition, 1, static_cast<std::uint32_t>(client)}};
      partition[client] = fill(quota, piles, draws);
    }
    sort_indices(partition);
    return partition;
  }

 private:
  [[nodiscard]] std::vector<std::size_t> fill(std::size_t quota, Piles& piles, sim::Draws& draws) const {
    std::vector<std::size_t> indices;
    std::vector<double> weights(piles.share.size(), 0.0);
    while (indices.size() < quota) {
      if (std::accumulate(weights.begin(), weights.end(), 0.0) <= 0) weights = draw_weights(piles, draws);
      const auto label = draw_index(weights, draws);
      indices.push_back(piles.take(label));
      if (piles.unused[label].empty()) weights[label] = 0;
    }
    return indices;
  }

  /// q over the labels that are left, relative to its largest entry. Gamma(a) = Gamma(a + 1) U^(1/a) in logarithms:
  /// for small alpha the numbers themselves are below the smallest double.
  [[nodiscard]] std::vector<double> draw_weights(const Piles& piles, sim::Draws& draws) const {
    constexpr double none = -std::numeric_limits<double>::infinity();
    std::vector<double> weights(piles.share.size(), none);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (piles.unused[k].empty()) continue;
      const double shape = alpha_ * piles.share[k];
      weights[k] = std::log(draws.gamma(shape + 1));
      weights[k] += std::log(draws.uniform()) / shape;
    }
    const double largest = std::ranges::max(weights);
    for (double& weight : weights)
      weight = std::exp(weight - largest);
    return weights;
  }

  double alpha_;
};

std::unique_ptr<Partitioner> make(const Parameters& completed) {
  return std::make_unique<Dirichlet>(number(completed, "alpha"));
}

}  // namespace

Method<Partitioner> dirichlet() {
  return {.name = "dirichlet",
          .summary = "label skew (Hsu et al., 1909.06335)",
          .parameters = {{.name = "alpha",
                          .standard = 0.5,
                          .meaning = "concentration: large is nearly iid, small gives each client nearly one domain",
                          .least = 1e-6}},
          .make = make};
}

}  // namespace edgefuse::data
