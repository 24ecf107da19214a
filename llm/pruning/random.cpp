#include "llm/pruning/random.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sim/random.hpp"

namespace edgefuse::llm {
namespace {

class RandomPruner final : public Pruner {
 public:
  explicit RandomPruner(std::uint64_t seed) : seed_{seed} {}

  [[nodiscard]] bool ranks_layers() const override { return true; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& /*calibration*/) const override {
    Importance importance{.layers = {}, .comparable = true};
    for (std::uint32_t l = 0; l < base.layers.size(); ++l) {
      importance.layers.push_back(
          {.kv_heads = scores(base.config.kv_heads, l, 0), .neurons = scores(base.config.intermediate, l, 1)});
      importance.whole_layers.push_back(scores(1, l, 2).front());
    }
    return importance;
  }

 private:
  [[nodiscard]] std::vector<double> scores(std::int64_t count, std::uint32_t layer, std::uint32_t kind) const {
    sim::Draws draws{{.seed = seed_, .domain = sim::Domain::pruning_scores, .round = kind, .client = layer}};
    std::vector<double> drawn(static_cast<std::size_t>(count));
    for (auto& score : drawn)
      score = draws.uniform();
    return drawn;
  }

  std::uint64_t seed_;
};

}  // namespace

ParameterSpec lot_parameter() {
  return {.name = "seed",
          .standard = 1.0,
          .meaning = "another number, another lot",
          .least = 0,
          .most = 4294967295.0,
          .whole = true};
}

Method<Pruner> random_pruner() {
  return {.name = "random",
          .summary = "whole KV-head groups and neurons, or layers, by lot: the control",
          .parameters = {lot_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
            return std::make_unique<RandomPruner>(static_cast<std::uint64_t>(number(p, "seed")));
          }};
}

}  // namespace edgefuse::llm
