#include "llm/example_gradients.hpp"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include "llm/checks.hpp"
#include "llm/engine/gang.hpp"
#include "llm/threads.hpp"

namespace edgefuse::llm {
namespace {

template <class T>
std::vector<ExampleGradient> gradients_of(const Model& variant, const Adapter& adapter,
                                          std::span<const Sequence> examples, const engine::GangOptions& options) {
  const std::vector<const Adapter*> members(examples.size(), &adapter);
  std::vector<Batch> batches;
  for (const Sequence& example : examples)
    batches.push_back({example});
  std::vector<const Batch*> steps;
  for (const Batch& batch : batches)
    steps.push_back(&batch);
  engine::Gang<T> gang{variant, members, options};
  const auto losses = gang.losses_and_gradients(steps);
  std::vector<ExampleGradient> result;
  for (std::size_t i = 0; i < examples.size(); ++i)
    result.push_back({losses[i], gang.factors().store_gradients(i, adapter)});
  return result;
}

}  // namespace

std::vector<ExampleGradient> example_gradients(const Model& variant, const Adapter& adapter,
                                               std::span<const Sequence> examples, Precision precision) {
  if (examples.empty()) return {};
  check_adapter_fits(adapter, variant, "adapter");
  engine::GangOptions options{.precision = precision};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    check_step(variant, {examples[i]}, "example " + std::to_string(i));
    options.longest = std::max(options.longest, static_cast<std::int64_t>(examples[i].ids.size()));
  }
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  return variant.embedding.scalar_type() == at::kDouble ? gradients_of<double>(variant, adapter, examples, options)
                                                        : gradients_of<float>(variant, adapter, examples, options);
}

}  // namespace edgefuse::llm
