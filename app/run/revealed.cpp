#include "app/run/revealed.hpp"

#include "llm/device.hpp"
#include "llm/tensor_names.hpp"
#include "llm/text_statistics.hpp"
#include "server/recovery/revealed.hpp"

namespace edgefuse::app {

std::map<llm::ModuleId, server::ModuleStatistics> revealed(const Shard& shard, const llm::Model& variant,
                                                           const server::Coverage& coverage,
                                                           std::span<const llm::Projection> targets,
                                                           const llm::ModelConfig& base,
                                                           std::span<const server::Reveals> asked) {
  std::map<llm::ModuleId, server::ModuleStatistics> all;
  if (asked.empty()) return all;
  llm::Calibration texts;
  for (const auto& example : shard.examples)
    texts.texts.push_back(example.ids);
  const auto on_host = llm::on_device(variant, at::kCPU);
  for (const auto what : asked) {
    const bool gram = what == server::Reveals::gram;
    const auto matrices = gram ? llm::input_grams(on_host, texts, targets) : llm::loss_fishers(on_host, texts, targets);
    for (const auto& [id, matrix] : matrices) {
      const auto shape = llm::base_shape(base, id.projection);
      const auto own = server::covered(coverage, id);
      (gram ? all[id].gram : all[id].fisher) =
          gram ? server::recover_gram(matrix, own, shape) : server::recover_fisher(matrix, own, shape);
    }
  }
  return all;
}

}  // namespace edgefuse::app
