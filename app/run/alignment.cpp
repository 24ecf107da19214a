#include "app/run/alignment.hpp"

#include <cstddef>

#include "llm/pretraining.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

llm::PretrainingPart batch_of_step(const llm::Calibration& texts, std::int64_t step, std::int64_t batch) {
  llm::PretrainingPart part;
  for (std::int64_t i = 0; i < batch; ++i) {
    const auto& text = texts.texts[static_cast<std::size_t>(step * batch + i) % texts.texts.size()];
    part.rows.push_back({.ids = text, .weights = std::vector<float>(text.size(), 1.0F)});
  }
  return part;
}

llm::Model aligned(llm::Model variant, const scenarios::Alignment& alignment, const llm::Calibration& texts) {
  llm::Pretrainer pretrainer{std::move(variant),
                             {.steps = alignment.steps,
                              .warm_up = alignment.steps / 10,
                              .learning_rate = alignment.learning_rate,
                              .weight_decay = 0,
                              .beta2 = 0.999,
                              .head_learns = false,
                              .zeros_stay = true}};
  for (std::int64_t step = 0; step < alignment.steps; ++step) {
    const auto part = batch_of_step(texts, step, alignment.batch);
    (void)pretrainer.step({&part, 1});
  }
  return pretrainer.model();
}

}  // namespace

void align(std::vector<llm::Model>& variants, std::span<const llm::VariantShape> shapes,
           const scenarios::Scenario& scenario, const llm::Calibration& texts) {
  EDGEFUSE_EXPECTS(!texts.empty() && variants.size() == shapes.size(), "variants are aligned on some text");
  for (std::size_t i = 0; i < variants.size(); ++i)
    if (shapes[i].ratio > 0) variants[i] = aligned(std::move(variants[i]), scenario.pruning.alignment, texts);
}

}  // namespace edgefuse::app
