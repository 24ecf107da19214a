#include "llm/engine/work.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "llm/engine/factors.hpp"
#include "llm/engine/pass.hpp"

namespace edgefuse::llm::engine {
namespace {

double weights_of(const Layer& layer, Site site) {
  double sum = 0;
  for (const Projection projection : projections_of(site))
    sum += static_cast<double>(layer.projection(projection).weight.numel());
  return sum;
}

/// Numbers in the A, and in A and B, of a site's adapters.
double a_numbers(const SiteLayout& site) {
  return static_cast<double>(site.ranks * site.in);
}
double adapter_numbers(const SiteLayout& site) {
  double sum = a_numbers(site);
  for (const auto& slot : site.slots)
    sum += static_cast<double>(slot.rank * slot.out);
  return sum;
}

/// Forward and backward of one pass through one layer. Mirrors Block: what it skips is not counted.
class LayerWork {
 public:
  LayerWork(const Model& model, const FactorLayout& layout, std::size_t layer, const Pass& pass)
      : model_{model},
        layout_{layout},
        layer_{layer},
        pass_{pass},
        queries_{layer == model.last_layer() ? pass.queries : pass.tokens} {}

  [[nodiscard]] double flops() const {
    double sum = attention();
    for (const Site site : all_sites)
      sum += this->site(site);
    return sum;
  }

 private:
  /// Whether a gradient goes on below `site`.
  [[nodiscard]] bool goes_below(Site site) const {
    return layer_ > layout_.lowest_layer() || (site != Site::q && layout_.adapted_before(layer_, site));
  }
  [[nodiscard]] double site(Site site) const {
    const SiteLayout& adapters = layout_.site(layer_, site);
    const double rows = static_cast<double>(site == Site::kv ? pass_.tokens.size() : queries_.size());
    const double frozen = 2 * rows * weights_of(model_.layers[layer_], site);
    const double adapted = 2 * rows * adapter_numbers(adapters);
    if (layer_ < layout_.lowest_layer()) return frozen;
    const bool needs_input = site == Site::q || site == Site::kv ? layer_ > layout_.lowest_layer() : goes_below(site);
    // Backward of the adapters: dB and dh cost as the forward of B, dA as that of A, dh·A again.
    const double back =
        adapted + (adapters.adapted() ? 2 * rows * (adapter_numbers(adapters) - a_numbers(adapters)) : 0);
    return frozen + adapted + back + (needs_input ? frozen + 2 * rows * a_numbers(adapters) : 0);
  }
  /// Two causal products forward, four backward.
  [[nodiscard]] double attention() const {
    double keys_seen = 0;
    for (const std::int64_t position : queries_.positions)
      keys_seen += static_cast<double>(position + 1);
    const double product = 2 * keys_seen * static_cast<double>(model_.layers[layer_].q.out());
    return product * (goes_below(Site::o) ? 6 : 2);
  }

  const Model& model_;
  const FactorLayout& layout_;
  std::size_t layer_;
  const Pass& pass_;
  const Packed& queries_;
};

void add_pass(Work& work, const Model& model, const FactorLayout& layout, const Pass& pass) {
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer)
    if (!model.layers[layer].dropped()) work.flops += LayerWork{model, layout, layer, pass}.flops();
  work.flops += 2 * 2 * static_cast<double>(pass.queries.size()) * static_cast<double>(model.head.numel());
  work.multiplied_tokens += static_cast<double>(pass.tokens.size());
}

/// What has to be read to predict all of a text's labels.
double tokens_to_read(const Sequence& text) {
  const auto last =
      std::find_if(text.labels.rbegin(), text.labels.rend(), [](auto label) { return label != no_label; });
  return std::max(0.0, static_cast<double>(text.labels.rend() - last) - 1);
}

}  // namespace

Work work_of(const Model& variant, std::span<const TrainingJob> jobs) {
  Work work;
  for (const TrainingJob& job : jobs) {
    const FactorLayout layout{variant, job.initial};
    for (const Batch& batch : job.steps) {
      std::vector<Row> rows;
      for (const Sequence& sequence : batch)
        rows.push_back({0, &sequence});
      for (const Sequence& sequence : batch)
        work.tokens += tokens_to_read(sequence);
      for (const Pass& pass : pack_labelled(rows, std::numeric_limits<std::int64_t>::max()))
        add_pass(work, variant, layout, pass);
    }
  }
  return work;
}

}  // namespace edgefuse::llm::engine
