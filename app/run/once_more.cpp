#include "app/run/once_more.hpp"

#include "app/run/engine_options.hpp"
#include "server/recovery/retraining.hpp"

namespace edgefuse::app {

llm::ModelDelta trained_once_more(const scenarios::Scenario& scenario, const llm::Model& base, llm::ModelDelta change,
                                  const llm::Calibration& public_texts, at::Device device, std::uint32_t round) {
  const auto& retraining = scenario.recovery.retraining;
  if (retraining.steps == 0) return change;
  return server::retrain(base, change, public_texts.texts,
                         {.steps = retraining.steps,
                          .batch = retraining.batch,
                          .adapter = lora_spec(scenario.adapter, retraining.rank),
                          .training = {.learning_rate = retraining.learning_rate},
                          .device = device},
                         scenario.seed, round)
      .change;
}

}  // namespace edgefuse::app
