#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "app/run/assembly.hpp"
#include "app/run/learner.hpp"
#include "llm/delta.hpp"
#include "tests/app/tiny_world.hpp"

namespace edgefuse::app::testing {

/// Rounds of a scenario by hand: everybody trains from the latest version.
struct Rounds {
  Assembly assembly;
  Learner learner;
  std::vector<TrainingRecord> records;  // of the last round

  /// `changed` may alter what was put together before anything learns.
  explicit Rounds(const TinyWorld& world, std::vector<std::string> overrides,
                  const std::function<void(Assembly&)>& changed = {})
      : assembly{assembled(world, std::move(overrides), changed)},
        learner{assembly.scenario,
                assembly.task,
                {.discount = [](std::int64_t) { return 1.0; },
                 .recovery = *assembly.methods.recovery,
                 .optimiser = assembly.methods.optimiser.get(),
                 .compressor = assembly.methods.compressor.get(),
                 .down_compressor = assembly.methods.down_compressor.get(),
                 .public_texts = assembly.base.calibration},
                prepare_base(assembly.scenario, assembly.methods, assembly.base),
                {}} {}

  std::int64_t version = 0;
  std::size_t started = 0;

  void run(std::int64_t round, const std::vector<std::uint32_t>& clients = {0, 1, 2}) {
    for (const auto client : clients) {
      learner.keep();
      learner.note(assembly.plan(client).value(), round, version);
    }
    started = clients.size();
    records = learner.collect();
  }
  void next() {
    learner.advance(learner.fuse(arm()));
    for (; started > 0; --started)
      learner.release(version);
    ++version;
  }
  [[nodiscard]] const Arm& arm() const { return assembly.methods.arms.front(); }
  [[nodiscard]] at::Tensor a_of(std::size_t contribution) const { return factors(contribution).a; }
  [[nodiscard]] at::Tensor b_of(std::size_t contribution) const { return factors(contribution).b; }
  /// Of the first module.
  [[nodiscard]] const llm::LowRank& factors(std::size_t contribution) const {
    return std::get<llm::LowRank>(learner.contributions()[contribution].delta.begin()->second);
  }

 private:
  static Assembly assembled(const TinyWorld& world, std::vector<std::string> overrides,
                            const std::function<void(Assembly&)>& changed) {
    auto assembly = assemble(scenario_of(world, std::move(overrides)), {});
    if (changed) changed(assembly);
    return assembly;
  }
};

/// Everybody trains the whole base, and more.
[[nodiscard]] inline std::vector<std::string> whole_with(std::vector<std::string> more) {
  more.insert(more.end(), {"fleet.memory_scale=1", "pruning.ratios=[0]"});
  return more;
}

}  // namespace edgefuse::app::testing
