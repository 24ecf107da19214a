#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "app/run/prepared_base.hpp"
#include "clients/trainer.hpp"
#include "llm/delta.hpp"
#include "llm/factor_gradient.hpp"
#include "llm/held_weight.hpp"
#include "llm/model.hpp"
#include "llm/variant.hpp"

namespace edgefuse::app {

/// How clients hold a base, and where they train.
struct Holding {
  llm::Precision precision = llm::Precision::fp32;
  llm::Quantisation quantisation = llm::Quantisation::none;
  at::Device device = at::kCPU;
};

/// One version of the base with its variants. With one mask everything lies in importance order, and there is no copy
/// of the base in its own; with several, the base is in its own order, and each mask has a sorted copy.
class BaseVersion {
 public:
  BaseVersion(PreparedBase prepared, const Holding& holding);

  /// The base plus `change`, which is in the order of base(); the variants change where they have something.
  [[nodiscard]] BaseVersion plus(const llm::ModelDelta& change) const;

  [[nodiscard]] const llm::Model& base() const { return masks() == 1 ? sorted(0) : prepared_.base; }
  [[nodiscard]] std::size_t masks() const { return prepared_.orders.size(); }
  [[nodiscard]] std::size_t ratios() const { return prepared_.shapes.size(); }
  [[nodiscard]] const llm::ImportanceOrder& order(std::size_t mask) const { return prepared_.orders[mask]; }

  /// What a variant of that mask is cut from.
  [[nodiscard]] const llm::Model& sorted(std::size_t mask) const { return prepared_.sorted[mask]; }
  /// As clients hold it; numbered mask after mask, by rising ratio.
  [[nodiscard]] const clients::VariantModel& variant(std::size_t index) const { return variants_[index]; }

  /// A change, or a gradient of factors, in the order and shapes of base() as the variant of that number has it.
  [[nodiscard]] llm::ModelDelta seen(const llm::ModelDelta& change, std::size_t index) const;
  [[nodiscard]] llm::FactorGradient seen(const llm::FactorGradient& gradient, std::size_t index) const;
  /// The way back, with zeros where the variant has nothing.
  [[nodiscard]] llm::FactorGradient placed(const llm::FactorGradient& gradient, std::size_t index) const;

 private:
  [[nodiscard]] const llm::ImportanceOrder& order_of(std::size_t index) const { return order(index / ratios()); }

  PreparedBase prepared_;
  Holding holding_;
  std::vector<clients::VariantModel> variants_;
};

/// `change` in the variant's shapes, and zero wherever the variant's weight is.
[[nodiscard]] llm::ModelDelta as_seen_by(const llm::Model& variant, const llm::VariantShape& shape,
                                         const llm::ModelConfig& config, const llm::ModelDelta& change);

}  // namespace edgefuse::app
