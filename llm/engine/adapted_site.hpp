#pragma once

#include <span>
#include <vector>

#include "llm/engine/factors.hpp"
#include "llm/engine/frozen.hpp"
#include "llm/engine/pass.hpp"
#include "llm/matrix.hpp"
#include "llm/model.hpp"

namespace edgefuse::llm::engine {

/// Rounded operands of the attention's products, for one head and block of queries.
template <class W>
struct AttentionOperands {
  Matrix<W> q, k, v, d_out, scores, d_scores;
};

/// Memory that every site and block of an engine uses in turn.
template <class T>
struct Scratch {
  ProductScratch products;
  Matrix<T> d_hidden;
  Matrix<T> dropped;  // an adapter's input after dropout, or its gradient before
  Matrix<T> scores;
  Matrix<T> d_scores;
  AttentionOperands<c10::BFloat16> rounded;
  std::vector<T> mixed;
};

/// The projections of one block that share an input, with the gang's adapters on them:
/// y_p = x·W_p' + b_p + s_m·(x·A_pm')·B_pm' for a row of member m.
template <class T>
class AdaptedSite {
 public:
  AdaptedSite(const Layer& layer, std::size_t index, Site site, Precision precision);

  /// Writes y[i] of projection i, or adds to it. `hidden` receives x·A' of all adapted projections, [rows, ranks].
  enum class Output : bool { write, add };
  void forward(const GangFactors<T>& factors, const Packed& packed, MatrixView<const T> x,
               std::span<const MatrixView<T>> y, Output output, Matrix<T>& hidden, Scratch<T>& scratch) const;

  /// Adds the factors' gradients for the gradients dy of the outputs. Writes or adds the input's gradient to `dx`,
  /// unless it is null.
  void backward(GangFactors<T>& factors, const Packed& packed, MatrixView<const T> x, const Matrix<T>& hidden,
                std::span<const MatrixView<const T>> dy, const MatrixView<T>* dx, Output output,
                Scratch<T>& scratch) const;

  [[nodiscard]] std::int64_t out(std::size_t projection) const { return weights_[projection].out(); }
  [[nodiscard]] std::int64_t in() const { return weights_.front().in(); }

 private:
  void forward_adapter(const GangFactors<T>& factors, const Packed& packed, const MemberSpan& part,
                       MatrixView<const T> x, std::span<const MatrixView<T>> y, MatrixView<T> h,
                       Scratch<T>& scratch) const;
  void backward_adapter(GangFactors<T>& factors, const Packed& packed, const MemberSpan& part, MatrixView<const T> x,
                        MatrixView<const T> h, std::span<const MatrixView<const T>> dy, const MatrixView<T>* dx,
                        Scratch<T>& scratch) const;
  [[nodiscard]] std::size_t place(Projection projection) const;

  std::size_t layer_;
  Site site_;
  Precision precision_;
  std::vector<Frozen<T>> weights_;
  std::vector<at::Tensor> biases_;  // undefined where there is none
};

extern template class AdaptedSite<float>;
extern template class AdaptedSite<double>;

}  // namespace edgefuse::llm::engine
