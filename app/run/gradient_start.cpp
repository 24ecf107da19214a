#include "app/run/gradient_start.hpp"

#include <cstddef>
#include <cstdint>

#include <ATen/ATen.h>

#include "llm/pruning/loss_gradients.hpp"
#include "server/fusion/truncation.hpp"

namespace edgefuse::app {

llm::ModelDelta gradient_start(const llm::Model& base, const llm::LoraSpec& spec, const llm::Calibration& texts,
                               double rate) {
  llm::ModelDelta start;
  llm::for_each_layer_gradient(base, texts, [&](std::size_t layer, const llm::LayerLossGradients& gradients) {
    for (const auto target : spec.targets) {
      const auto step = -rate * gradients[static_cast<std::size_t>(target)].mean.sign();
      start[{.layer = static_cast<std::int32_t>(layer), .projection = target}] =
          server::truncated(llm::Dense{step}, spec.rank).factors;
    }
  });
  return start;
}

}  // namespace edgefuse::app
