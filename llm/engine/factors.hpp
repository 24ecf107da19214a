#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/engine/dropout.hpp"
#include "llm/engine/factor_layout.hpp"
#include "llm/factor_gradient.hpp"

namespace edgefuse::llm::engine {

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
