#include "llm/engine/tensor_factors.hpp"

#include <algorithm>
#include <functional>

#include <ATen/ATen.h>

namespace edgefuse::llm::engine {
namespace {

/// Calls f(member, module, the site's layout, slot) for every adapted module of every member.
template <class T, class F>
void for_each_slot(const GangFactors<T>& factors, std::size_t members, std::size_t layers, const F& f) {
  for (std::size_t member = 0; member < members; ++member)
    for (std::size_t layer = 0; layer < layers; ++layer)
      for (const Site site : all_sites) {
        const SiteLayout& layout = factors.layout(member).site(layer, site);
        for (const auto& slot : layout.slots)
          f(member, ModuleId{static_cast<std::int32_t>(layer), slot.projection}, layout, slot);
      }
}

std::int64_t a_offset(const SiteLayout& layout, const SiteLayout::Slot& slot) {
  return layout.a_offset + slot.first * layout.in;
}

at::Tensor leaf(const at::Tensor& host, at::Device device) {
  return host.to(device).requires_grad_();
}

}  // namespace

template <class T>
TensorFactors::TensorFactors(const GangFactors<T>& factors, std::size_t members, std::size_t layers,
                             at::Device device) {
  const auto type = at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value);
  const auto count = static_cast<std::int64_t>(members);
  std::map<ModuleId, std::int64_t> ranks;
  for_each_slot(factors, members, layers,
                [&](std::size_t, ModuleId module, const SiteLayout&, const SiteLayout::Slot& slot) {
                  ranks[module] = std::max(ranks[module], slot.rank);
                });
  for_each_slot(factors, members, layers,
                [&](std::size_t member, ModuleId module, const SiteLayout& layout, const SiteLayout::Slot& slot) {
                  StackedFactors& stack = modules_[module];
                  const std::int64_t rank = ranks.at(module);
                  if (!stack.a.defined())
                    stack = {at::zeros({count, rank, layout.in}, type), at::zeros({count, rank, slot.out}, type)};
                  const T* numbers = factors.values(member).data();
                  const auto row = static_cast<std::int64_t>(member) * rank;
                  std::copy_n(numbers + a_offset(layout, slot), slot.rank * layout.in,
                              stack.a.template data_ptr<T>() + row * layout.in);
                  std::copy_n(numbers + slot.b_offset, slot.rank * slot.out,
                              stack.b_transposed.template data_ptr<T>() + row * slot.out);
                });
  for (auto& [module, stack] : modules_)
    stack = {leaf(stack.a, device), leaf(stack.b_transposed, device)};
  const at::Tensor scales = at::empty({count, 1, 1}, type);
  for (std::size_t member = 0; member < members; ++member)
    scales.data_ptr<T>()[member] = factors.scale(member);
  scales_ = scales.to(device);
}

const StackedFactors* TensorFactors::find(ModuleId module) const {
  const auto found = modules_.find(module);
  return found == modules_.end() ? nullptr : &found->second;
}

template <class T>
void TensorFactors::add_gradients_to(GangFactors<T>& factors) const {
  std::map<ModuleId, StackedFactors> gradients;
  for (const auto& [module, stack] : modules_)
    if (stack.a.grad().defined())
      gradients[module] = {stack.a.grad().cpu().contiguous(), stack.b_transposed.grad().cpu().contiguous()};
  const auto members = static_cast<std::size_t>(scales_.size(0));
  const auto add = [](const at::Tensor& stack, std::size_t member, std::int64_t count, T* target) {
    const T* source = stack.data_ptr<T>() + static_cast<std::int64_t>(member) * stack[0].numel();
    std::transform(source, source + count, target, target, std::plus<T>{});
  };
  const std::size_t layers = modules_.empty() ? 0 : static_cast<std::size_t>(modules_.rbegin()->first.layer) + 1;
  for_each_slot(factors, members, layers,
                [&](std::size_t member, ModuleId module, const SiteLayout& layout, const SiteLayout::Slot& slot) {
                  const auto found = gradients.find(module);
                  if (found == gradients.end()) return;
                  T* numbers = factors.gradients(member).data();
                  add(found->second.a, member, slot.rank * layout.in, numbers + a_offset(layout, slot));
                  add(found->second.b_transposed, member, slot.rank * slot.out, numbers + slot.b_offset);
                });
}

template TensorFactors::TensorFactors(const GangFactors<float>&, std::size_t, std::size_t, at::Device);
template TensorFactors::TensorFactors(const GangFactors<double>&, std::size_t, std::size_t, at::Device);
template void TensorFactors::add_gradients_to(GangFactors<float>&) const;
template void TensorFactors::add_gradients_to(GangFactors<double>&) const;

}  // namespace edgefuse::llm::engine
