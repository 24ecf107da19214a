#include "llm/pruning/loss_gradients.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "llm/checks.hpp"
#include "llm/reference.hpp"
#include "llm/reference_block.hpp"
#include "llm/threads.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// One text on its way forth and back.
struct Journey {
  std::vector<at::Tensor> hidden;  // before each layer, [1, tokens, hidden]
  at::Tensor gradient;             // of the text's loss by what comes after the layer that is next on the way back
};

/// A leaf over the same storage.
at::Tensor leaf(const at::Tensor& tensor) {
  return tensor.detach().set_requires_grad(true);
}

Journey forth(const Model& model, const RopeTables& rope, const std::vector<std::int64_t>& text) {
  const auto ids = at::tensor(at::ArrayRef<std::int64_t>{text}, at::kLong).unsqueeze(0);
  Journey journey;
  at::Tensor x;
  {
    const at::NoGradGuard frozen;
    x = at::embedding(model.embedding, ids);
    for (const auto& layer : model.layers) {
      journey.hidden.push_back(x);
      x = ReferenceBlock{model.config, layer, leading(rope, x.size(1))}.forward(x);
    }
  }
  const auto last = leaf(x);
  const auto logits = at::matmul(reference_norm(model.config, last, model.final_norm), model.head.t());
  reference_loss(logits, ids).backward();
  journey.gradient = last.grad();
  return journey;
}

/// Adds what one text says about one layer, and takes its gradient before that layer.
void back(const ModelConfig& config, const Layer& layer, const RopeTables& rope, std::size_t index, double share,
          Journey& journey, LayerLossGradients& sums) {
  Layer leaves = layer;
  for (const auto p : all_projections)
    leaves.projection(p).weight = leaf(layer.projection(p).weight);
  const auto before = leaf(journey.hidden[index]);
  ReferenceBlock{config, leaves, leading(rope, before.size(1))}.forward(before).backward(journey.gradient);
  journey.gradient = before.grad();
  for (std::size_t i = 0; i < all_projections.size(); ++i) {
    const auto& gradient = leaves.projection(all_projections[i]).weight.grad();
    if (!gradient.defined()) continue;  // a half of the block that has nothing
    sums[i].mean.add_(gradient, share);
    sums[i].squares.add_(gradient.square(), share);
  }
}

}  // namespace

void for_each_layer_gradient(const Model& model, const Calibration& calibration,
                             const std::function<void(std::size_t, const LayerLossGradients&)>& see) {
  EDGEFUSE_EXPECTS(!calibration.empty(), "a loss is of some text");
  use_one_thread_per_gang();
  const auto rope = rope_tables(model.config, calibration.longest(), model.embedding.scalar_type());
  std::vector<Journey> journeys;
  for (const auto& text : calibration.texts) {
    EDGEFUSE_EXPECTS(text.size() > 1, "a text predicts at least one token");
    check_text(model.config, text, "a calibration text");
    journeys.push_back(forth(model, rope, text));
  }
  const double share = 1.0 / static_cast<double>(journeys.size());
  for (auto l = model.layers.size(); l-- > 0;) {
    LayerLossGradients gradients;
    for (std::size_t i = 0; i < all_projections.size(); ++i) {
      const auto& weight = model.layers[l].projection(all_projections[i]).weight;
      gradients[i] = {.mean = at::zeros_like(weight), .squares = at::zeros_like(weight)};
    }
    for (auto& journey : journeys)
      back(model.config, model.layers[l], rope, l, share, journey, gradients);
    see(l, gradients);
  }
}

}  // namespace edgefuse::llm
