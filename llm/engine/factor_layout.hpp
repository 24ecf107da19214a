#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm::engine {

/// The projections of a block that read the same numbers, in the order of the forward pass. q stands apart from k and
/// v because the last block has fewer queries than keys.
enum class Site : std::uint8_t { q, kv, o, gate_up, down };
inline constexpr std::size_t site_count = 5;
inline constexpr std::array<Site, site_count> all_sites = {Site::q, Site::kv, Site::o, Site::gate_up, Site::down};
[[nodiscard]] std::span<const Projection> projections_of(Site site);

/// Where a site's factors lie in one member's numbers. The A of its projections are stacked, [ranks, in], so that one
/// product serves them all; each B is kept transposed, [rank, out], which keeps the long side contiguous.
struct SiteLayout {
  struct Slot {
    Projection projection = Projection::q;
    std::int64_t rank = 0;
    std::int64_t first = 0;  // its first row in the stack
    std::int64_t b_offset = 0;
    std::int64_t out = 0;
  };
  std::int64_t in = 0;
  std::int64_t ranks = 0;
  std::int64_t a_offset = 0;
  std::vector<Slot> slots;  // the adapted projections only

  [[nodiscard]] bool adapted() const { return !slots.empty(); }
};

/// Which modules of a model are adapted, and where each factor lies.
class FactorLayout {
 public:
  /// Of a model without adapters.
  explicit FactorLayout(const Model& model) : layers_(model.layers.size()) {}
  /// Of `adapter` on `model`; check_adapter_fits holds. Ranks are read off the factors.
  FactorLayout(const Model& model, const Adapter& adapter);

  [[nodiscard]] const SiteLayout& site(std::size_t layer, Site site) const {
    return layers_[layer][static_cast<std::size_t>(site)];
  }
  /// One module's place.
  struct Place {
    const SiteLayout& site;
    const SiteLayout::Slot& slot;
  };
  /// Nothing where it is not adapted.
  [[nodiscard]] std::optional<Place> find(ModuleId id) const;
  /// Numbers in one member's factors.
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// The lowest layer with an adapted module; the number of layers when there is none.
  [[nodiscard]] std::size_t lowest_layer() const;
  /// Whether a module of `layer` is adapted at a site before `site`.
  [[nodiscard]] bool adapted_before(std::size_t layer, Site site) const;

 private:
  std::vector<std::array<SiteLayout, site_count>> layers_;
  std::int64_t size_ = 0;
};

}  // namespace edgefuse::llm::engine
