#pragma once

#include <cstddef>
#include <vector>

#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// Inner products <D_i, D_j> = Σ_e D_i,e·D_j,e of the parts of one module, float64, symmetric to the last bit. Of
/// factors without the products, <B·A, B'·A'> = Σ (BᵀB')∘(AA'ᵀ), which costs T²·r²·(out + in) in place of T²·out·in; as
/// soon as one part is dense, of the matrices, some rows at a time.
class Gram {
 public:
  /// `parts` are of one shape.
  explicit Gram(const ModuleParts& parts);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] double operator()(std::size_t i, std::size_t j) const { return products_[i * size_ + j]; }
  /// ‖D_i‖_F; 0 for what is zero but for rounding, as where factors cancel.
  [[nodiscard]] double norm(std::size_t i) const;
  /// <D_i, D_j> / (‖D_i‖·‖D_j‖) in [-1, 1]; 0 where either is zero, and where rounding could have made it.
  [[nodiscard]] double cosine(std::size_t i, std::size_t j) const;

 private:
  std::size_t size_;
  std::vector<double> products_;
};

/// A cosine that rounding could have made of 0.
inline constexpr double negligible_cosine = 1e-12;

/// The side a part is on in fusion: a negative weight takes its change away. Two parts are opposed when their cosine
/// times both sides is negative.
[[nodiscard]] inline double side_of(const ModulePart& part) {
  return part.weight < 0 ? -1 : 1;
}

}  // namespace edgefuse::server
