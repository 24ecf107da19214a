#include "llm/engine/factor_layout.hpp"

#include <algorithm>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

constexpr std::array site_q = {Projection::q};
constexpr std::array site_kv = {Projection::k, Projection::v};
constexpr std::array site_o = {Projection::o};
constexpr std::array site_gate_up = {Projection::gate, Projection::up};
constexpr std::array site_down = {Projection::down};

}  // namespace

std::span<const Projection> projections_of(Site site) {
  switch (site) {
    case Site::q:
      return site_q;
    case Site::kv:
      return site_kv;
    case Site::o:
      return site_o;
    case Site::gate_up:
      return site_gate_up;
    case Site::down:
      return site_down;
  }
  EDGEFUSE_EXPECTS(false, "not one of the five sites");
  return {};
}

FactorLayout::FactorLayout(const Model& model, const Adapter& adapter) : layers_(model.layers.size()) {
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    for (const Site place : all_sites) {
      SiteLayout& site = layers_[layer][static_cast<std::size_t>(place)];
      for (const Projection projection : projections_of(place)) {
        const Linear& linear = model.layers[layer].projection(projection);
        site.in = linear.in();
        const auto found = adapter.modules.find({static_cast<std::int32_t>(layer), projection});
        if (found == adapter.modules.end()) continue;
        const std::int64_t rank = found->second.a.size(0);
        site.slots.push_back({projection, rank, site.ranks, 0, linear.out()});
        site.ranks += rank;
      }
      site.a_offset = size_;
      size_ += site.ranks * site.in;
      for (auto& slot : site.slots) {
        slot.b_offset = size_;
        size_ += slot.rank * slot.out;
      }
    }
  }
}

std::size_t FactorLayout::lowest_layer() const {
  const auto adapted = [](const auto& sites) {
    return std::any_of(sites.begin(), sites.end(), [](const SiteLayout& site) { return site.adapted(); });
  };
  return static_cast<std::size_t>(std::find_if(layers_.begin(), layers_.end(), adapted) - layers_.begin());
}

bool FactorLayout::adapted_before(std::size_t layer, Site site) const {
  const auto& sites = layers_[layer];
  return std::any_of(sites.begin(), sites.begin() + static_cast<std::ptrdiff_t>(site),
                     [](const SiteLayout& earlier) { return earlier.adapted(); });
}

std::optional<FactorLayout::Place> FactorLayout::find(ModuleId id) const {
  for (const auto& site : layers_[static_cast<std::size_t>(id.layer)])
    for (const auto& slot : site.slots)
      if (slot.projection == id.projection) return Place{.site = site, .slot = slot};
  return std::nullopt;
}

}  // namespace edgefuse::llm::engine
