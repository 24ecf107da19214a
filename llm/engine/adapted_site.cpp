#include "llm/engine/adapted_site.hpp"

#include <algorithm>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

/// The factors of one member at one site, or their gradients.
template <class T>
struct SiteFactors {
  const SiteLayout& site;
  T* numbers;

  [[nodiscard]] MatrixView<T> a() const { return {numbers + site.a_offset, site.ranks, site.in, site.in}; }
  [[nodiscard]] MatrixView<T> b_transposed(const SiteLayout::Slot& slot) const {
    return {numbers + slot.b_offset, slot.rank, slot.out, slot.out};
  }
};

template <class T>
void add_to_rows(MatrixView<T> y, const T* bias) {
  for (std::int64_t i = 0; i < y.rows; ++i) {
    T* row = y.row(i);
    for (std::int64_t j = 0; j < y.cols; ++j)
      row[j] += bias[j];
  }
}

}  // namespace

template <class T>
AdaptedSite<T>::AdaptedSite(const Layer& layer, std::size_t index, Site site, Precision precision)
    : layer_{index}, site_{site} {
  for (const Projection projection : projections_of(site)) {
    const Linear& linear = layer.projection(projection);
    weights_.emplace_back(linear.weight, precision);
    biases_.push_back(linear.bias.defined() ? linear.bias.contiguous() : at::Tensor{});
  }
}

template <class T>
std::size_t AdaptedSite<T>::place(Projection projection) const {
  const auto projections = projections_of(site_);
  return static_cast<std::size_t>(std::find(projections.begin(), projections.end(), projection) - projections.begin());
}

template <class T>
void AdaptedSite<T>::forward(const GangFactors<T>& factors, std::span<const MemberSpan> members, MatrixView<const T> x,
                             std::span<const MatrixView<T>> y, Output output, Matrix<T>& hidden,
                             Scratch<T>& scratch) const {
  EDGEFUSE_EXPECTS(y.size() == weights_.size(), "an output for each projection");
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    weights_[i].forward(x, y[i], output == Output::add ? T{1} : T{0}, scratch.rounded);
    if (biases_[i].defined()) add_to_rows(y[i], biases_[i].template data_ptr<T>());
  }
  const SiteLayout& site = layout(factors);
  if (!site.adapted()) return;
  const auto h = hidden.reshape(x.rows, site.ranks);
  for (const auto& [member, span] : members) {
    const SiteFactors<const T> own{site, factors.values(member).data()};
    const auto own_h = h.row_range(span.begin, span.end);
    multiply(own_h, x.row_range(span.begin, span.end), transposed(own.a()));
    for (const auto& slot : site.slots)
      multiply(y[place(slot.projection)].row_range(span.begin, span.end), own_h.columns(slot.first, slot.rank),
               own.b_transposed(slot), factors.scale(member), T{1});
  }
}

template <class T>
void AdaptedSite<T>::backward(GangFactors<T>& factors, std::span<const MemberSpan> members, MatrixView<const T> x,
                              const Matrix<T>& hidden, std::span<const MatrixView<const T>> dy, const MatrixView<T>* dx,
                              Output output, Scratch<T>& scratch) const {
  if (dx != nullptr) {
    for (std::size_t i = 0; i < weights_.size(); ++i)
      weights_[i].backward(dy[i], *dx, output == Output::add || i > 0 ? T{1} : T{0}, scratch.rounded);
  }
  const SiteLayout& site = layout(factors);
  if (!site.adapted()) return;
  const auto dh = scratch.d_hidden.reshape(x.rows, site.ranks);
  const auto h = hidden.view();
  for (const auto& [member, span] : members) {
    const SiteFactors<const T> own{site, std::as_const(factors).values(member).data()};
    const SiteFactors<T> gradient{site, factors.gradients(member).data()};
    const T scale = factors.scale(member);
    const auto own_dh = dh.row_range(span.begin, span.end);
    for (const auto& slot : site.slots) {
      const auto own_dy = dy[place(slot.projection)].row_range(span.begin, span.end);
      const auto own_h = h.row_range(span.begin, span.end).columns(slot.first, slot.rank);
      multiply(own_dh.columns(slot.first, slot.rank), own_dy, transposed(own.b_transposed(slot)), scale);
      multiply(gradient.b_transposed(slot), transposed(own_h), own_dy, scale, T{1});
    }
    multiply(gradient.a(), transposed(own_dh), x.row_range(span.begin, span.end), T{1}, T{1});
    if (dx != nullptr) multiply(dx->row_range(span.begin, span.end), own_dh, own.a(), T{1}, T{1});
  }
}

template class AdaptedSite<float>;
template class AdaptedSite<double>;

}  // namespace edgefuse::llm::engine
