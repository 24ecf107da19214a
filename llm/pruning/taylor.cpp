#include "llm/pruning/taylor.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "llm/pruning/coupled.hpp"
#include "llm/pruning/loss_gradients.hpp"

namespace edgefuse::llm {
namespace {

enum class Order : std::uint8_t { first, second, mixed };

at::Tensor scores(Order order, const at::Tensor& weight, const LossGradient& gradient) {
  const auto w = weight.to(at::kDouble);
  const auto linear = w * gradient.mean.to(at::kDouble);
  if (order == Order::first) return linear.abs();
  const auto quadratic = w * w * gradient.squares.to(at::kDouble);
  return order == Order::second ? quadratic.abs() : (linear - 0.5 * quadratic).abs();
}

class TaylorPruner final : public Pruner {
 public:
  explicit TaylorPruner(Order order) : order_{order} {}

  [[nodiscard]] bool needs_calibration() const override { return true; }
  [[nodiscard]] bool ranks_layers() const override { return true; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const override {
    Importance importance{.layers = {}, .comparable = true};
    importance.layers.resize(base.layers.size());
    for_each_layer_gradient(base, calibration, [&](std::size_t l, const LayerLossGradients& gradients) {
      importance.layers[l] = coupled_sums(base.config, [&](Projection p) {
        return scores(order_, base.layers[l].projection(p).weight, gradients[static_cast<std::size_t>(p)]);
      });
    });
    importance.whole_layers = sums_of_units(importance);
    return importance;
  }

 private:
  Order order_;
};

Order order_of_name(const std::string& name) {
  if (name == "second") return Order::second;
  return name == "mixed" ? Order::mixed : Order::first;
}

}  // namespace

Method<Pruner> taylor_pruner() {
  return {
      .name = "taylor",
      .summary = "how much the loss on public text would change without each group and neuron (LLM-Pruner, 2305.11627)",
      .parameters = {{.name = "order",
                      .standard = std::string{"first"},
                      .meaning = "of the Taylor expansion",
                      .choices = {"first", "second", "mixed"}}},
      .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
        return std::make_unique<TaylorPruner>(order_of_name(word(p, "order")));
      }};
}

}  // namespace edgefuse::llm
