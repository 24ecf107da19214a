#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "llm/adapter_folder.hpp"
#include "llm/config.hpp"
#include "llm/pruning/record.hpp"
#include "server/fusion/module_source.hpp"

namespace edgefuse::app {

/// Adapters that lie in PEFT folders, read module by module as fusion asks for them. One that was trained on a pruned
/// model has `pruning.json` beside it and comes in the shapes of the base, zero where the variant had nothing.
class AdapterSet {
 public:
  /// `base` is the config of the base, where it is known; recovery needs it. Throws InputError with what is wrong with
  /// all folders at once: what AdapterFolder and read_pruning_record refuse, a module of another shape than the others
  /// or the base have, a record without a base.
  AdapterSet(const std::vector<std::filesystem::path>& folders, const std::optional<llm::ModelConfig>& base);

  [[nodiscard]] std::size_t size() const { return adapters_.size(); }
  /// What the folder's own name is; the whole path where names repeat.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] const llm::LoraSpec& spec(std::size_t i) const { return adapters_[i].files.spec(); }

  /// Of each module the sum of its adapters' ranks.
  [[nodiscard]] std::map<llm::ModuleId, std::int64_t> ranks() const;

  /// Adapter i as client i with weight `weights[i]`, and what it reveals where the rule `needs` that (a folder's
  /// statistics.safetensors). The set must outlive it. Coverage is what the pruning record says;
  /// without one, a row of B, or a column of A, that holds nothing but zeros while others do not was not trained.
  [[nodiscard]] server::ModuleSource source(std::vector<double> weights, const server::FusionSeed& seed,
                                            server::Reveals needs = server::Reveals::nothing) const;

 private:
  struct Member {
    std::filesystem::path folder;
    llm::AdapterFolder files;
    std::optional<llm::PruningRecord> record;
    server::Coverage coverage;
    std::optional<llm::SafetensorsFile> statistics;
  };

  [[nodiscard]] static Member open(const std::filesystem::path& folder, const std::optional<llm::ModelConfig>& base);
  void add_shapes(const Member& member);
  [[nodiscard]] server::ModulePart part(std::size_t i, llm::ModuleId module) const;
  [[nodiscard]] server::ModuleStatistics revealed(std::size_t i, llm::ModuleId module) const;

  std::optional<llm::ModelConfig> base_;
  std::vector<Member> adapters_;
  std::map<llm::ModuleId, llm::MatrixShape> shapes_;
};

}  // namespace edgefuse::app
