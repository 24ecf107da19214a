#include "server/fusion/space.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/fusion/core_space.hpp"
#include "server/fusion/dense_parts.hpp"

namespace edgefuse::server {
namespace {

/// The module that was embedded last, kept for when its fused matrix comes back.
class Embedding {
 public:
  Embedding(const ModuleSource& modules, Space space) : modules_{modules}, space_{space} {}

  const Embedded& of(llm::ModuleId id) {
    if (!last_ || last_->first != id) last_.emplace(id, space_(modules_.parts(id)));
    return last_->second;
  }

 private:
  const ModuleSource& modules_;
  Space space_;
  std::optional<std::pair<llm::ModuleId, Embedded>> last_;
};

class InSpace final : public FusionRule {
 public:
  InSpace(Space space, std::unique_ptr<FusionRule> inner) : space_{space}, inner_{std::move(inner)} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    if (!inner_->goes_by_module()) return fuse_all(modules, sink);
    auto one = modules;
    for (const auto& [id, shape] : modules.shapes) {
      one.shapes = {{id, shape}};
      fuse_all(one, sink);
    }
  }
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool goes_by_module() const override { return inner_->goes_by_module(); }
  [[nodiscard]] Reveals needs() const override { return inner_->needs(); }
  [[nodiscard]] WeightSigns weight_signs() const override { return inner_->weight_signs(); }

 private:
  /// A single module is embedded once.
  void fuse_all(const ModuleSource& modules, const DeltaSink& sink) const {
    Embedding embedding{modules, space_};
    auto inside = modules;
    for (auto& [id, shape] : inside.shapes)
      shape = embedding.of(id).shape;
    inside.parts = [&](llm::ModuleId id) { return embedding.of(id).parts; };
    inner_->fuse(inside, [&](llm::ModuleId id, const llm::ModuleDelta& fused) {
      sink(id, embedding.of(id).lift(llm::dense(fused)));
    });
  }

  Space space_;
  std::unique_ptr<FusionRule> inner_;
};

}  // namespace

Embedded in_core_space(const ModuleParts& parts) {
  auto space = core_space(parts);
  auto embedded = with_matrices(parts, space.cores);
  const llm::MatrixShape shape{space.u.size(1), space.v.size(1)};
  return {.parts = std::move(embedded), .shape = shape, .lift = [space = std::move(space)](const at::Tensor& core) {
            return lifted(space, core);
          }};
}

Method<FusionRule> in_space(const std::string& prefix, Space space, Method<FusionRule> inner) {
  return {.name = prefix + "-" + inner.name,
          .summary = inner.name + " in the " + prefix + " space",
          .parameters = inner.parameters,
          .make = [space, make = inner.make](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<InSpace>(space, make(p));
          }};
}

}  // namespace edgefuse::server
