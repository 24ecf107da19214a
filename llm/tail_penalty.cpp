#include "llm/tail_penalty.hpp"

#include "llm/adamw.hpp"

namespace edgefuse::llm {
namespace {

template <class T>
void add_scaled(std::span<T> sum, double factor, std::span<const T> term) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += static_cast<T>(factor) * term[i];
}

}  // namespace

template <class T>
void add_tail_gradient(const engine::FactorLayout& layout, std::size_t layers, const TailPenalty& penalty,
                       std::span<const T> values, std::span<T> gradients) {
  for (std::size_t layer = 0; layer < layers; ++layer) {
    for (const auto place : engine::all_sites) {
      const auto& site = layout.site(layer, place);
      for (const auto& slot : site.slots) {
        const auto ranks = slot.rank - penalty.kept;
        if (ranks <= 0) continue;
        const auto a = static_cast<std::size_t>(site.a_offset + (slot.first + penalty.kept) * site.in);
        const auto b = static_cast<std::size_t>(slot.b_offset + penalty.kept * slot.out);
        const auto of_a = values.subspan(a, static_cast<std::size_t>(ranks * site.in));
        const auto of_b = values.subspan(b, static_cast<std::size_t>(ranks * slot.out));
        const double norm_a = norm(of_a);
        const double norm_b = norm(of_b);
        if (norm_a == 0 || norm_b == 0) continue;
        add_scaled(gradients.subspan(a, of_a.size()), penalty.lambda * norm_b / norm_a, of_a);
        add_scaled(gradients.subspan(b, of_b.size()), penalty.lambda * norm_a / norm_b, of_b);
      }
    }
  }
}

template void add_tail_gradient(const engine::FactorLayout&, std::size_t, const TailPenalty&, std::span<const float>,
                                std::span<float>);
template void add_tail_gradient(const engine::FactorLayout&, std::size_t, const TailPenalty&, std::span<const double>,
                                std::span<double>);

}  // namespace edgefuse::llm
