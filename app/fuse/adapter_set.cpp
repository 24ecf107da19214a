#include "app/fuse/adapter_set.hpp"

#include <set>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "app/fuse/statistics_file.hpp"
#include "llm/tensor_names.hpp"
#include "server/recovery/factor_coverage.hpp"
#include "server/recovery/indexed.hpp"
#include "server/recovery/revealed.hpp"
#include "sim/error.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

std::string shown(const llm::MatrixShape& shape) {
  return fmt::format("{} x {}", shape.out, shape.in);
}

llm::MatrixShape shape_in_base(llm::ModuleId id, const llm::MatrixShape& own,
                               const std::optional<llm::PruningRecord>& record,
                               const std::optional<llm::ModelConfig>& base) {
  return record ? llm::base_shape(*base, id.projection) : own;
}

/// What is revealed of a module has the module's own sizes.
void check_statistics(const llm::SafetensorsFile& file, const std::map<llm::ModuleId, llm::MatrixShape>& modules) {
  std::vector<Mistake> mistakes;
  for (const auto& [id, shape] : modules) {
    const auto [gram, fisher] = read_statistics(file, id);
    const bool fits = (!gram.defined() || gram.sizes() == at::IntArrayRef{shape.in, shape.in}) &&
                      (!fisher.defined() || fisher.sizes() == at::IntArrayRef{shape.out, shape.in});
    if (!fits)
      mistakes.push_back({.file = file.path().string(),
                          .key = id.name(),
                          .problem = fmt::format("is of another module than the adapter's {}", shown(shape)),
                          .remedy = "edgefuse train --reveal writes it beside the adapter it belongs to"});
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

}  // namespace

AdapterSet::AdapterSet(const std::vector<fs::path>& folders, const std::optional<llm::ModelConfig>& base)
    : base_{base} {
  Mistakes mistakes;
  for (const auto& folder : folders)
    mistakes.attempt([&] { add_shapes(adapters_.emplace_back(open(folder, base_))); });
  mistakes.finish();
}

AdapterSet::Member AdapterSet::open(const fs::path& folder, const std::optional<llm::ModelConfig>& base) {
  Member member{.folder = folder,
                .files = llm::AdapterFolder{folder, llm::MissingTargets::allowed},
                .record = std::nullopt,
                .coverage = {},
                .statistics = std::nullopt};
  if (fs::exists(folder / statistics_name)) {
    member.statistics.emplace(folder / statistics_name);
    check_statistics(*member.statistics, member.files.modules());
  }
  if (!fs::exists(folder / llm::pruning_record_name)) return member;
  if (!base)
    throw InputError{Mistake{.file = (folder / llm::pruning_record_name).string(),
                             .problem = "says that the adapter was trained on a pruned model",
                             .remedy = "name that model's base with --base: its config.json gives the shapes"}};
  member.record = llm::read_pruning_record(folder);
  llm::check_record_fits(*member.record, *base, folder);
  member.coverage = server::coverage_of(member.record->layers, *base);
  return member;
}

void AdapterSet::add_shapes(const Member& member) {
  std::vector<Mistake> wrong;
  const auto note = [&](llm::ModuleId id, std::string problem, std::string remedy) {
    wrong.push_back(
        {.file = member.folder.string(), .key = id.name(), .problem = std::move(problem), .remedy = std::move(remedy)});
  };
  for (const auto& [id, own] : member.files.modules()) {
    const auto shape = shape_in_base(id, own, member.record, base_);
    if (base_ && (id.layer >= base_->layers || shape != llm::base_shape(*base_, id.projection))) {
      note(id,
           fmt::format("is {}, and the base has {}", shown(shape),
                       id.layer < base_->layers ? shown(llm::base_shape(*base_, id.projection)) : "no such layer"),
           "name the base that it was trained on; of a pruned one, put its pruning.json beside the adapter");
      continue;
    }
    const auto [known, is_new] = shapes_.try_emplace(id, shape);
    if (known->second != shape)
      note(id, fmt::format("is {}, elsewhere {}", shown(shape), shown(known->second)),
           "fuse adapters of one base; those of pruned models with their pruning.json and --base");
  }
  if (!wrong.empty()) throw InputError{std::move(wrong)};
}

std::vector<std::string> AdapterSet::names() const {
  std::set<std::string> short_names;
  for (const auto& member : adapters_)
    short_names.insert(member.folder.filename().string());
  std::vector<std::string> names;
  for (const auto& member : adapters_)
    names.push_back(short_names.size() == adapters_.size() ? member.folder.filename().string()
                                                           : member.folder.string());
  return names;
}

std::map<llm::ModuleId, std::int64_t> AdapterSet::ranks() const {
  std::map<llm::ModuleId, std::int64_t> ranks;
  for (const auto& member : adapters_)
    for (const auto& [id, shape] : member.files.modules())
      ranks[id] += member.files.spec(id).rank;
  return ranks;
}

server::ModulePart AdapterSet::part(std::size_t i, llm::ModuleId module) const {
  const auto& member = adapters_[i];
  llm::Adapter one{.spec = member.files.spec(module), .modules = {{module, member.files.read(module)}}};
  if (member.record) one = server::recover_adapter(one, *member.record, *base_, member.folder);
  auto delta = std::move(llm::to_delta(one).begin()->second);
  auto coverage = member.record ? server::covered(member.coverage, module)
                                : server::coverage_of_factors(std::get<llm::LowRank>(delta));
  return {.index = i,
          .client = static_cast<std::uint32_t>(i),
          .delta = std::move(delta),
          .coverage = std::move(coverage),
          .scale = one.spec.scale()};
}

/// In the shapes of the base; undefined what the folder lacks.
server::ModuleStatistics AdapterSet::revealed(std::size_t i, llm::ModuleId module) const {
  const auto& member = adapters_[i];
  if (!member.statistics) return {};
  auto statistics = read_statistics(*member.statistics, module);
  if (!member.record) return statistics;
  const auto coverage = server::covered(member.coverage, module);
  const auto& shape = shapes_.at(module);
  if (statistics.gram.defined()) statistics.gram = server::recover_gram(statistics.gram, coverage, shape);
  if (statistics.fisher.defined()) statistics.fisher = server::recover_fisher(statistics.fisher, coverage, shape);
  return statistics;
}

server::ModuleSource AdapterSet::source(std::vector<double> weights, const server::FusionSeed& seed,
                                        server::Reveals needs) const {
  double total = 0;
  for (const double weight : weights)
    total += weight;
  return {.shapes = shapes_,
          .contributions = adapters_.size(),
          .total_weight = total,
          .seed = seed,
          .parts =
              [this, weights = std::move(weights), needs](llm::ModuleId module) {
                server::ModuleParts parts;
                for (std::size_t i = 0; i < adapters_.size(); ++i) {
                  if (adapters_[i].files.modules().count(module) == 0) continue;
                  parts.push_back(part(i, module));
                  parts.back().weight = weights[i];
                  if (needs != server::Reveals::nothing) parts.back().statistics = revealed(i, module);
                }
                return parts;
              },
          .public_loss = {}};
}

}  // namespace edgefuse::app
