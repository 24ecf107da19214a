#include "llm/text_statistics.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <ATen/ATen.h>

#include "llm/pruning/by_input.hpp"
#include "llm/pruning/input_gram.hpp"
#include "llm/pruning/loss_gradients.hpp"

namespace edgefuse::llm {
namespace {

ModuleId module(std::size_t layer, Projection p) {
  return {.layer = static_cast<std::int32_t>(layer), .projection = p};
}

std::int64_t token_count(const Calibration& texts) {
  std::int64_t count = 0;
  for (const auto& text : texts.texts)
    count += std::ssize(text);
  return count;
}

}  // namespace

ModuleMatrices input_grams(const Model& model, const Calibration& texts, std::span<const Projection> targets) {
  ModuleMatrices grams;
  const auto tokens = static_cast<double>(token_count(texts));
  ActivationStream stream{model, texts};
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
    ByInput<InputGram> sums;
    stream.advance(model.layers[layer], [&](const LayerInputs& seen) {
      for (const auto reader : first_readers)
        if (seen.of(reader).defined() && seen.of(reader).size(1) > 0) sums.of(reader).add(seen.of(reader));
    });
    for (const auto target : targets)
      if (const auto& sum = sums.of(target).sum(); sum.defined())
        grams[module(layer, target)] = (sum / tokens).to(at::kFloat);
  }
  return grams;
}

ModuleMatrices loss_fishers(const Model& model, const Calibration& texts, std::span<const Projection> targets) {
  ModuleMatrices fishers;
  for_each_layer_gradient(model, texts, [&](std::size_t layer, const LayerLossGradients& gradients) {
    for (const auto target : targets)
      if (const auto& squares = gradients[static_cast<std::size_t>(target)].squares; squares.defined())
        fishers[module(layer, target)] = squares.to(at::kFloat);
  });
  return fishers;
}

}  // namespace edgefuse::llm
