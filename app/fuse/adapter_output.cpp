#include <algorithm>
#include <utility>
#include <variant>

#include <ATen/ATen.h>

#include "app/fuse/fused_output.hpp"
#include "llm/adapter.hpp"
#include "server/fusion/truncation.hpp"

namespace edgefuse::app {
namespace {

/// `factor` with zeros for the ranks along `dim` that it lacks.
at::Tensor padded(const at::Tensor& factor, std::int64_t dim, std::int64_t rank) {
  auto shape = factor.sizes().vec();
  shape[static_cast<std::size_t>(dim)] = rank - factor.size(dim);
  return at::cat({factor.to(at::kFloat), at::zeros(shape, at::kFloat)}, dim).contiguous();
}

class AdapterOutput final : public FusedOutput {
 public:
  AdapterOutput(std::filesystem::path folder, std::optional<std::int64_t> rank,
                std::map<llm::ModuleId, std::int64_t> ranks)
      : folder_{std::move(folder)}, rank_{rank}, ranks_{std::move(ranks)} {}

  Written take(llm::ModuleId id, const llm::ModuleDelta& change) override {
    const auto* low = std::get_if<llm::LowRank>(&change);
    if (low != nullptr && !rank_) return {.change = modules_.emplace(id, *low).first->second};
    const auto cut = server::truncated(change, rank_.value_or(ranks_.at(id)));
    return {.change = modules_.emplace(id, cut.factors).first->second, .lost = cut.lost};
  }

  void finish() override {
    std::int64_t rank = 1;  // PEFT knows no adapter of rank 0
    for (const auto& [id, low] : modules_)
      rank = std::max(rank, low.a.size(0));
    llm::Adapter adapter{.spec = {.rank = rank, .alpha = static_cast<double>(rank), .rslora = false, .targets = {}},
                         .modules = {}};
    for (const auto& [id, low] : modules_)
      adapter.modules[id] = {.a = padded(low.a, 0, rank), .b = padded(low.b, 1, rank)};
    llm::save_adapter(adapter, folder_);
  }

 private:
  std::filesystem::path folder_;
  std::optional<std::int64_t> rank_;
  std::map<llm::ModuleId, std::int64_t> ranks_;
  std::map<llm::ModuleId, llm::LowRank> modules_;
};

}  // namespace

std::unique_ptr<FusedOutput> adapter_output(const std::filesystem::path& folder, std::optional<std::int64_t> rank,
                                            std::map<llm::ModuleId, std::int64_t> ranks) {
  return std::make_unique<AdapterOutput>(folder, rank, std::move(ranks));
}

}  // namespace edgefuse::app
