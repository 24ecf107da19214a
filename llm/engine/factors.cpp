#include "llm/engine/factors.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

/// A view of `count` rows of `width` numbers as a tensor.
template <class T>
at::Tensor tensor_of(const T* numbers, std::int64_t rows, std::int64_t width) {
  return at::from_blob(const_cast<T*>(numbers), {rows, width},
                       at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
}

/// Calls f(module, slot, site) for every adapted module of the layout.
template <class F>
void for_each_module(const FactorLayout& layout, const FactorGradient& modules, const F& f) {
  for (const auto& [id, factors] : modules)
    if (const auto place = layout.find(id)) f(id, factors, place->slot, place->site);
}

}  // namespace

template <class T>
GangFactors<T>::GangFactors(std::vector<FactorLayout> layouts, double dropout)
    : layouts_{std::move(layouts)}, scales_(layouts_.size(), T{0}), dropout_{dropout, layouts_.size()} {
  std::size_t size = 0;
  for (const FactorLayout& layout : layouts_) {
    offsets_.push_back(size);
    size += static_cast<std::size_t>(layout.size());
  }
  values_.resize(size);
  gradients_.resize(size);
}

template <class T>
void GangFactors<T>::load(std::size_t member, const Adapter& adapter) {
  scales_[member] = static_cast<T>(adapter.spec.scale());
  std::ranges::copy(in_order(member, adapter.modules), values(member).begin());
}

template <class T>
std::vector<T> GangFactors<T>::in_order(std::size_t member, const FactorGradient& modules) const {
  std::vector<T> numbers(static_cast<std::size_t>(layouts_[member].size()));
  std::int64_t placed = 0;
  for_each_module(layouts_[member], modules,
                  [&](const ModuleId&, const LoraFactors& factors, const auto& slot, const auto& site) {
                    EDGEFUSE_EXPECTS(
                        factors.a.size(0) == slot.rank && factors.a.size(1) == site.in && factors.b.size(0) == slot.out,
                        "an adapter has the shapes of its layout");
                    T* a = numbers.data() + site.a_offset + slot.first * site.in;
                    tensor_of(a, slot.rank, site.in).copy_(factors.a);
                    tensor_of(numbers.data() + slot.b_offset, slot.rank, slot.out).copy_(factors.b.t());
                    placed += slot.rank * (site.in + slot.out);
                  });
  EDGEFUSE_EXPECTS(placed == layouts_[member].size(), "an adapter has the modules of its layout");
  return numbers;
}

template <class T>
Adapter GangFactors<T>::gather(std::size_t member, std::span<const T> numbers, const Adapter& like) const {
  Adapter result{like.spec, {}};
  for_each_module(layouts_[member], like.modules,
                  [&](const ModuleId& id, const LoraFactors&, const auto& slot, const auto& site) {
                    const T* a = numbers.data() + site.a_offset + slot.first * site.in;
                    const T* b = numbers.data() + slot.b_offset;
                    result.modules[id] = {tensor_of(a, slot.rank, site.in).clone(),
                                          tensor_of(b, slot.rank, slot.out).t().clone(at::MemoryFormat::Contiguous)};
                  });
  return result;
}

template <class T>
Adapter GangFactors<T>::store(std::size_t member, const Adapter& like) const {
  return gather(member, values(member), like);
}

template <class T>
Adapter GangFactors<T>::store_gradients(std::size_t member, const Adapter& like) const {
  return gather(member, gradients(member), like);
}

template <class T>
std::size_t GangFactors<T>::lowest_layer() const {
  std::size_t lowest = layouts_.front().lowest_layer();
  for (const FactorLayout& layout : layouts_)
    lowest = std::min(lowest, layout.lowest_layer());
  return lowest;
}

template <class T>
bool GangFactors<T>::adapted_before(std::size_t layer, Site site) const {
  return std::ranges::any_of(layouts_, [&](const auto& layout) { return layout.adapted_before(layer, site); });
}

template <class T>
std::int64_t GangFactors<T>::ranks(std::size_t layer, Site site) const {
  std::int64_t most = 0;
  for (const FactorLayout& layout : layouts_)
    most = std::max(most, layout.site(layer, site).ranks);
  return most;
}

template class GangFactors<float>;
template class GangFactors<double>;

}  // namespace edgefuse::llm::engine
