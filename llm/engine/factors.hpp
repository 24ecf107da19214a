#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/engine/dropout.hpp"
#include "llm/factor_gradient.hpp"
#include "llm/matrix.hpp"
#include "llm/model.hpp"

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

/// The adapters of a gang's members: factors, their gradients, and the dropout on their inputs. Members may adapt
/// different modules at different ranks.
template <class T>
class GangFactors {
 public:
  /// One layout for each member.
  explicit GangFactors(std::vector<FactorLayout> layouts, double dropout = 0);

  /// Copies `adapter`, which has the modules and ranks of the member's layout.
  void load(std::size_t member, const Adapter& adapter);
  /// The numbers of what has the member's modules and ranks, in the order of its own.
  [[nodiscard]] std::vector<T> in_order(std::size_t member, const FactorGradient& modules) const;
  /// The member's factors in the shape of `like`, as new tensors of this type.
  [[nodiscard]] Adapter store(std::size_t member, const Adapter& like) const;
  /// The member's gradients in the shape of `like`.
  [[nodiscard]] Adapter store_gradients(std::size_t member, const Adapter& like) const;

  [[nodiscard]] const FactorLayout& layout(std::size_t member) const { return layouts_[member]; }
  [[nodiscard]] T scale(std::size_t member) const { return scales_[member]; }
  [[nodiscard]] std::span<T> values(std::size_t member) { return row(values_, member); }
  [[nodiscard]] std::span<const T> values(std::size_t member) const { return row(values_, member); }
  [[nodiscard]] std::span<T> gradients(std::size_t member) { return row(gradients_, member); }
  [[nodiscard]] std::span<const T> gradients(std::size_t member) const { return row(gradients_, member); }

  [[nodiscard]] Dropout& dropout() { return dropout_; }
  [[nodiscard]] const Dropout& dropout() const { return dropout_; }

  // Over all members: what a pass has to compute is what any of them needs.
  [[nodiscard]] std::size_t lowest_layer() const;
  [[nodiscard]] bool adapted_before(std::size_t layer, Site site) const;
  /// The most ranks any member has at a site, 0 where nobody adapts it.
  [[nodiscard]] std::int64_t ranks(std::size_t layer, Site site) const;

 private:
  template <class Numbers>
  [[nodiscard]] auto row(Numbers& numbers, std::size_t member) const {
    return std::span{numbers}.subspan(offsets_[member], static_cast<std::size_t>(layouts_[member].size()));
  }
  [[nodiscard]] Adapter gather(std::size_t member, std::span<const T> numbers, const Adapter& like) const;

  std::vector<FactorLayout> layouts_;
  std::vector<std::size_t> offsets_;
  std::vector<T> scales_;
  std::vector<T> values_;
  std::vector<T> gradients_;
  Dropout dropout_;
};

extern template class GangFactors<float>;
extern template class GangFactors<double>;

}  // namespace edgefuse::llm::engine
