#include "server/recovery/masked.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <variant>

#include "llm/threads.hpp"
#include "server/fusion/dense_parts.hpp"
#include "server/recovery/placement.hpp"
#include "server/recovery/zero_fill.hpp"

namespace edgefuse::server {
namespace {

/// M in the variant's block, or an undefined tensor when nothing of the base's is missing there.
at::Tensor mask(const at::Tensor& base, const at::Tensor& variant) {
  const auto kept = variant.ne(0);
  const auto there = base.narrow(0, 0, variant.size(0)).narrow(1, 0, variant.size(1)).ne(0);
  return there.logical_and(kept.logical_not()).any().item<bool>() ? kept : at::Tensor{};
}

class Masked final : public Recovery {
 public:
  [[nodiscard]] Recovered recover(const llm::Update& update, const RecoveryContext& context) const override {
    auto recovered = server::recover(update, context.base.config);
    auto* delta = std::get_if<llm::ModelDelta>(&recovered);
    if (delta == nullptr) return recovered;
    llm::use_one_thread_per_gang();  // a product's last bits may depend on how many threads share it
    for (auto& [id, change] : *delta) {
      const auto kept = mask(host_weight(context.base, id), host_weight(context.variant, id));
      if (!kept.defined()) continue;
      auto matrix = dense_double(change).to(at::kFloat);
      matrix.narrow(0, 0, kept.size(0)).narrow(1, 0, kept.size(1)).masked_fill_(kept.logical_not(), 0);
      change = llm::Dense{matrix};
    }
    return recovered;
  }
  [[nodiscard]] bool keeps_low_rank() const override { return false; }
};

}  // namespace

Method<Recovery> masked_recovery() {
  return {.name = "masked",
          .summary = "zero-fill, and zero where an unstructured or N:M variant's weights are",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<Recovery> { return std::make_unique<Masked>(); }};
}

}  // namespace edgefuse::server
