#include "app/fuse/statistics_file.hpp"

#include <map>
#include <string>

#include <fmt/format.h>

#include "llm/text_statistics.hpp"

namespace edgefuse::app {
namespace {

std::string key(llm::ModuleId module, server::Reveals what) {
  return fmt::format("{}.{}", module.name(), server::name_of(what));
}

}  // namespace

void write_statistics(const llm::Model& model, const llm::Calibration& texts, std::span<const llm::Projection> targets,
                      std::span<const server::Reveals> asked, const std::filesystem::path& folder) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto what : asked) {
    const auto matrices = what == server::Reveals::gram ? llm::input_grams(model, texts, targets)
                                                        : llm::loss_fishers(model, texts, targets);
    for (const auto& [module, matrix] : matrices)
      tensors[key(module, what)] = matrix;
  }
  llm::write_safetensors(folder / statistics_name, tensors);
}

server::ModuleStatistics read_statistics(const llm::SafetensorsFile& file, llm::ModuleId module) {
  const auto read = [&](server::Reveals what) {
    const auto name = key(module, what);
    return file.contains(name) ? file.read(name, at::kFloat) : at::Tensor{};
  };
  return {.gram = read(server::Reveals::gram), .fisher = read(server::Reveals::fisher)};
}

}  // namespace edgefuse::app
