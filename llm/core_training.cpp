#include "llm/core_training.hpp"

#include <ATen/ATen.h>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

template <class T>
at::Tensor tensor_on(std::span<T> numbers, std::size_t first, std::int64_t rows, std::int64_t width) {
  const auto own = numbers.subspan(first, static_cast<std::size_t>(rows * width));
  return at::from_blob(own.data(), {rows, width}, at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
}

}  // namespace

template <class T>
CoreTraining<T>::CoreTraining(const engine::FactorLayout& layout, const Cores& cores) {
  std::int64_t placed = 0;
  for (const auto& [id, core] : cores) {
    const auto place = layout.find(id);
    EDGEFUSE_EXPECTS(place.has_value(), "a core is of an adapted module");
    const auto& [site, slot] = *place;
    EDGEFUSE_EXPECTS(core.r.dim() == 2 && core.r.size(0) == slot.rank && core.r.size(1) == slot.rank &&
                         core.basis.size(0) == slot.rank && core.basis.size(1) == site.in,
                     "a core is of its module's rank, its basis of its width");
    modules_.push_back({.id = id,
                        .a = static_cast<std::size_t>(site.a_offset + slot.first * site.in),
                        .r = numbers_.size(),
                        .basis = core.basis.to(c10::CppTypeToScalarType<T>::value).contiguous()});
    const auto r = core.r.to(c10::CppTypeToScalarType<T>::value).contiguous();
    numbers_.insert(numbers_.end(), r.template data_ptr<T>(), r.template data_ptr<T>() + r.numel());
    placed += slot.rank * (site.in + slot.out);
  }
  EDGEFUSE_EXPECTS(placed == layout.size(), "each adapted module has a core");
  gradients_.resize(numbers_.size());
}

template <class T>
std::span<T> CoreTraining<T>::gradients(std::span<T> of_factors) {
  for (const auto& [id, a, r, basis] : modules_) {
    const auto rank = basis.size(0);
    auto gradient = tensor_on(std::span<T>{gradients_}, r, rank, rank);
    at::mm_out(gradient, tensor_on(of_factors, a, rank, basis.size(1)), basis.t());
  }
  return gradients_;
}

template <class T>
void CoreTraining<T>::put(std::span<T> factors) {
  for (const auto& [id, a, r, basis] : modules_) {
    const auto rank = basis.size(0);
    auto product = tensor_on(factors, a, rank, basis.size(1));
    at::mm_out(product, tensor_on(std::span<T>{numbers_}, r, rank, rank), basis);
  }
}

template <class T>
CoreMatrices CoreTraining<T>::store() const {
  CoreMatrices cores;
  auto own = numbers_;
  for (const auto& [id, a, r, basis] : modules_) {
    const auto rank = basis.size(0);
    cores[id] = tensor_on(std::span<T>{own}, r, rank, rank).to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  }
  return cores;
}

template class CoreTraining<float>;
template class CoreTraining<double>;

}  // namespace edgefuse::llm
