#include "server/fusion/ties.hpp"

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "llm/trim.hpp"
#include "server/fusion/dense_parts.hpp"
#include "server/fusion/disjoint_mean.hpp"

namespace edgefuse::server {
namespace {

class TiesPerTensor final : public ModuleLocalRule {
 public:
  TiesPerTensor(double density, double lambda) : density_{density}, lambda_{lambda} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    auto changes = own_dense(parts);
    for (auto& change : changes)
      llm::trim_to_density(numbers(change), density_);
    return llm::Dense{disjoint_mean(changes, sign_balance(changes), lambda_)};
  }

  double density_;
  double lambda_;
};

class TiesWholeModel final : public FusionRule {
 public:
  TiesWholeModel(double density, double lambda) : density_{density}, lambda_{lambda} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    auto trims = settled_trims(modules);
    std::int64_t balance = 0;
    for (const auto& [id, shape] : modules.shapes)
      balance += sign_balance(trimmed(modules.parts(id), trims));
    for (auto& trim : trims)
      trim.rewind();
    for (const auto& [id, shape] : modules.shapes)
      sink(id, llm::Dense{disjoint_mean(trimmed(modules.parts(id), trims), balance, lambda_)});
  }

 private:
  /// One per contribution. A module that a contribution lacks is as many zeros.
  [[nodiscard]] std::vector<llm::Trim> settled_trims(const ModuleSource& modules) const {
    std::vector<llm::Trim> trims(modules.contributions, llm::Trim{density_});
    const auto pass = [&](auto count) {
      for (const auto& [id, shape] : modules.shapes) {
        const std::vector<float> zeros(static_cast<std::size_t>(shape.out * shape.in), 0.0F);
        std::vector<std::span<const float>> pieces(trims.size(), zeros);
        const auto parts = modules.parts(id);
        const auto changes = own_dense(parts);
        for (std::size_t i = 0; i < parts.size(); ++i)
          pieces[parts[i].index] = numbers(changes[i]);
        for (std::size_t i = 0; i < trims.size(); ++i)
          count(trims[i], pieces[i]);
      }
    };
    pass([](llm::Trim& trim, std::span<const float> piece) { trim.count_upper(piece); });
    for (auto& trim : trims)
      trim.settle_upper();
    pass([](llm::Trim& trim, std::span<const float> piece) { trim.count_lower(piece); });
    for (auto& trim : trims)
      trim.settle_lower();
    return trims;
  }

  static std::vector<at::Tensor> trimmed(const ModuleParts& parts, std::vector<llm::Trim>& trims) {
    auto changes = own_dense(parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
      trims[parts[i].index].trim(numbers(changes[i]));
    return changes;
  }

  double density_;
  double lambda_;
};

}  // namespace

Method<FusionRule> ties_rule() {
  return {.name = "ties",
          .summary = "trim, elect signs, mean of the changes that agree (2306.01708)",
          .parameters = {{.name = "density",
                          .standard = 0.2,
                          .meaning = "share of each change's entries that is kept",
                          .least = 0,
                          .most = 1},
                         {.name = "scope",
                          .standard = std::string{"tensor"},
                          .meaning = "what is trimmed and counted as one: each module or the whole model",
                          .choices = {"tensor", "model"}},
                         {.name = "lambda", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            const double density = number(p, "density");
            const double lambda = number(p, "lambda");
            if (word(p, "scope") == "tensor") return std::make_unique<TiesPerTensor>(density, lambda);
            return std::make_unique<TiesWholeModel>(density, lambda);
          }};
}

}  // namespace edgefuse::server
