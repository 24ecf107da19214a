#include "llm/pruning/block_influence.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "llm/pruning/coupled.hpp"

namespace edgefuse::llm {
namespace {

/// x_t·y_t / (‖x_t‖ ‖y_t‖) summed over the tokens of one text, [1, tokens, hidden] each. Row by row, so that nothing
/// depends on threads.
double cosine_sum(const at::Tensor& before, const at::Tensor& after) {
  const auto x = before.squeeze(0).to(at::kDouble);
  const auto y = after.squeeze(0).to(at::kDouble);
  const auto row_sums = [](const at::Tensor& matrix) { return column_sums(matrix.t()); };
  const auto products = row_sums(x * y);
  const auto xs = row_sums(x.square());
  const auto ys = row_sums(y.square());
  double sum = 0;
  for (std::size_t t = 0; t < products.size(); ++t) {
    const double norms = std::sqrt(xs[t]) * std::sqrt(ys[t]);
    sum += norms > 0 ? products[t] / norms : 1;  // what is nothing before and after was not turned
  }
  return sum;
}

class BlockInfluencePruner final : public Pruner {
 public:
  [[nodiscard]] bool needs_calibration() const override { return true; }
  [[nodiscard]] bool ranks_layers() const override { return true; }
  [[nodiscard]] Budget own_budget() const override { return Budget::layers; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const override {
    Importance importance;
    ActivationStream stream{base, calibration};
    for (const auto& layer : base.layers) {
      const std::vector<at::Tensor> before{stream.hidden().begin(), stream.hidden().end()};
      stream.advance(layer);
      double cosines = 0;
      double tokens = 0;
      for (std::size_t text = 0; text < before.size(); ++text) {
        cosines += cosine_sum(before[text], stream.hidden()[text]);
        tokens += static_cast<double>(before[text].size(1));
      }
      importance.whole_layers.push_back(1 - cosines / tokens);
      importance.layers.push_back(alike(base.config));
    }
    return importance;
  }
};

}  // namespace

Method<Pruner> block_influence_pruner() {
  return {
      .name = "block-influence",
      .summary = "whole layers that turn the hidden state of public text least (ShortGPT, 2403.03853)",
      .parameters = {},
      .make = [](const Parameters&) -> std::unique_ptr<Pruner> { return std::make_unique<BlockInfluencePruner>(); }};
}

}  // namespace edgefuse::llm
