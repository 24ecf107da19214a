#include "llm/engine/adapted_site.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::llm::engine {
namespace {

/// The factors of one member at one site, or their gradients.
template <class T>
struct SiteFactors {
  const SiteLayout& site;
  T* numbers;

  [[nodiscard]] MatrixView<T> a() const { return {numbers + site.a_offset, site.ranks, site.in, site.in}; }
  [[nodiscard]] MatrixView<T> a(const SiteLayout::Slot& slot) const {
    return a().row_range(slot.first, slot.first + slot.rank);
  }
  [[nodiscard]] MatrixView<T> b_transposed(const SiteLayout::Slot& slot) const {
    return {numbers + slot.b_offset, slot.rank, slot.out, slot.out};
  }
};

template <class T>
void add(MatrixView<const T> x, MatrixView<T> y) {
  for (std::int64_t i = 0; i < y.rows; ++i)
    std::transform(x.row(i), x.row(i) + x.cols, y.row(i), y.row(i), std::plus<T>{});
}

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
    : layer_{index}, site_{site}, precision_{precision} {
  for (const Projection projection : projections_of(site)) {
    const Linear& linear = layer.projection(projection);
    weights_.emplace_back(linear.weight, linear.held, precision);
    biases_.push_back(linear.bias.defined() ? linear.bias.contiguous() : at::Tensor{});
  }
}

template <class T>
std::size_t AdaptedSite<T>::place(Projection projection) const {
  const auto projections = projections_of(site_);
  return static_cast<std::size_t>(std::find(projections.begin(), projections.end(), projection) - projections.begin());
}

template <class T>
void AdaptedSite<T>::forward(const GangFactors<T>& factors, const Packed& packed, MatrixView<const T> x,
                             std::span<const MatrixView<T>> y, Output output, Matrix<T>& hidden,
                             Scratch<T>& scratch) const {
  EDGEFUSE_EXPECTS(y.size() == weights_.size(), "an output for each projection");
  const auto input = product_input(x, precision_, scratch.products);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    weights_[i].forward(input, y[i], output == Output::add ? T{1} : T{0}, scratch.products);
    if (biases_[i].defined()) add_to_rows(y[i], biases_[i].template data_ptr<T>());
  }
  const std::int64_t ranks = factors.ranks(layer_, site_);
  if (ranks == 0) return;
  const auto h = hidden.reshape(x.rows, ranks);
  for (const MemberSpan& part : packed.members)
    forward_adapter(factors, packed, part, x, y, h, scratch);
}

template <class T>
void AdaptedSite<T>::forward_adapter(const GangFactors<T>& factors, const Packed& packed, const MemberSpan& part,
                                     MatrixView<const T> x, std::span<const MatrixView<T>> y, MatrixView<T> h,
                                     Scratch<T>& scratch) const {
  const auto& [member, span] = part;
  const SiteLayout& site = factors.layout(member).site(layer_, site_);
  if (!site.adapted()) return;
  const SiteFactors<const T> own{site, factors.values(member).data()};
  const auto own_x = x.row_range(span.begin, span.end);
  const auto own_h = h.row_range(span.begin, span.end).columns(0, site.ranks);
  if (!factors.dropout().on()) multiply(own_h, own_x, transposed(own.a()));
  for (const auto& slot : site.slots) {
    const auto slot_h = own_h.columns(slot.first, slot.rank);
    if (factors.dropout().on()) {
      const auto dropped = scratch.dropped.reshape(own_x.rows, own_x.cols);
      factors.dropout().apply(member, dropout_module({static_cast<std::int32_t>(layer_), slot.projection}),
                              packed.numbers_of(span), own_x, dropped);
      multiply(slot_h, dropped, transposed(own.a(slot)));
    }
    multiply(y[place(slot.projection)].row_range(span.begin, span.end), slot_h, own.b_transposed(slot),
             factors.scale(member), T{1});
  }
}

template <class T>
void AdaptedSite<T>::backward(GangFactors<T>& factors, const Packed& packed, MatrixView<const T> x,
                              const Matrix<T>& hidden, std::span<const MatrixView<const T>> dy, const MatrixView<T>* dx,
                              Output output, Scratch<T>& scratch) const {
  if (dx != nullptr) {
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const auto input = product_input(dy[i], precision_, scratch.products);
      weights_[i].backward(input, *dx, output == Output::add || i > 0 ? T{1} : T{0}, scratch.products);
    }
  }
  if (factors.ranks(layer_, site_) == 0) return;
  for (const MemberSpan& part : packed.members)
    backward_adapter(factors, packed, part, x, hidden.view(), dy, dx, scratch);
}

template <class T>
void AdaptedSite<T>::backward_adapter(GangFactors<T>& factors, const Packed& packed, const MemberSpan& part,
                                      MatrixView<const T> x, MatrixView<const T> h,
                                      std::span<const MatrixView<const T>> dy, const MatrixView<T>* dx,
                                      Scratch<T>& scratch) const {
  const auto& [member, span] = part;
  const SiteLayout& site = factors.layout(member).site(layer_, site_);
  if (!site.adapted()) return;
  const SiteFactors<const T> own{site, std::as_const(factors).values(member).data()};
  const SiteFactors<T> gradient{site, factors.gradients(member).data()};
  const T scale = factors.scale(member);
  const auto own_x = x.row_range(span.begin, span.end);
  const auto dh = scratch.d_hidden.reshape(span.size(), site.ranks);
  for (const auto& slot : site.slots) {
    const auto slot_dy = dy[place(slot.projection)].row_range(span.begin, span.end);
    const auto slot_h = h.row_range(span.begin, span.end).columns(slot.first, slot.rank);
    multiply(dh.columns(slot.first, slot.rank), slot_dy, transposed(own.b_transposed(slot)), scale);
    multiply(gradient.b_transposed(slot), transposed(slot_h), slot_dy, scale, T{1});
  }
  const Dropout& dropout = factors.dropout();
  if (!dropout.on()) {
    multiply(gradient.a(), transposed(dh), own_x, T{1}, T{1});
    if (dx != nullptr) multiply(dx->row_range(span.begin, span.end), dh, own.a(), T{1}, T{1});
    return;
  }
  const auto dropped = scratch.dropped.reshape(own_x.rows, own_x.cols);
  for (const auto& slot : site.slots) {
    const auto slot_dh = dh.columns(slot.first, slot.rank);
    dropout.apply(member, dropout_module({static_cast<std::int32_t>(layer_), slot.projection}), packed.numbers_of(span),
                  own_x, dropped);
    multiply(gradient.a(slot), transposed(slot_dh), dropped, T{1}, T{1});
    if (dx == nullptr) continue;
    multiply(dropped, slot_dh, own.a(slot));
    dropout.apply(member, dropout_module({static_cast<std::int32_t>(layer_), slot.projection}), packed.numbers_of(span),
                  dropped, dropped);
    add<T>(dropped, dx->row_range(span.begin, span.end));
  }
}

template class AdaptedSite<float>;
template class AdaptedSite<double>;

}  // namespace edgefuse::llm::engine
