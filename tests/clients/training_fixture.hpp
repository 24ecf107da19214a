#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "clients/local_data.hpp"
#include "clients/trainer.hpp"
#include "sim/random.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::clients::testing {

/// Two variants of a random small model, and trainings on random texts for them.
class SmallTraining {
 public:
  SmallTraining() {
    auto config = llm::testing::small_config();
    config.layers = 3;
    const auto base = llm::testing::random_model(config);
    for (const double ratio : {0.0, 0.5}) {
      const auto shape = llm::variant_shape(config, ratio, 1, 0);
      variants_.push_back({shape, llm::slice(base, shape)});
    }
  }

  [[nodiscard]] VariantModels models() const {
    return [this](std::int64_t, std::uint32_t variant) -> const VariantModel& { return variants_.at(variant); };
  }
  [[nodiscard]] const VariantModel& variant(std::uint32_t index) const { return variants_.at(index); }

  /// What the client would train, a function of its number alone.
  [[nodiscard]] llm::TrainingJob job(std::uint32_t client, std::uint32_t variant, std::int64_t rank = 2) const {
    sim::Draws draws{{.seed = 77, .domain = sim::Domain::test, .client = client}};
    std::vector<llm::Sequence> texts(3 + client % 3);
    for (auto& text : texts) {
      for (std::size_t i = 0; i < 5 + draws.below(4); ++i) {
        text.ids.push_back(static_cast<std::int64_t>(draws.below(17)));
      }
      text.labels = text.ids;
    }
    llm::LoraSpec spec;
    spec.rank = rank;
    spec.alpha = 4;
    spec.targets = {llm::Projection::q, llm::Projection::v, llm::Projection::down};
    return {llm::make_adapter(variants_.at(variant).model, spec, 3, client),
            local_batches(texts, {.steps = 2 + client % 2, .batch = 2}, 1, client, 1)};
  }

  [[nodiscard]] NotedTraining noted(std::uint32_t client, std::uint32_t variant, std::int64_t rank = 2) const {
    llm::Plan plan;
    plan.client = client;
    plan.variant = variant;
    plan.rank = rank;
    plan.examples = 10 + client;
    return {.plan = plan, .version = 4, .build = [this, client, variant, rank] { return job(client, variant, rank); }};
  }

 private:
  std::vector<VariantModel> variants_;
};

/// A weight that makes every loss NaN.
inline llm::TrainingJob poisoned(llm::TrainingJob job) {
  job.initial.modules.begin()->second.a.fill_(std::numeric_limits<float>::quiet_NaN());
  job.initial.modules.begin()->second.b.fill_(1);
  return job;
}

}  // namespace edgefuse::clients::testing
