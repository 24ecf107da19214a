#include "server/fusion/ties.hpp"

#include <memory>

#include "server/fusion/trimming.hpp"

namespace edgefuse::server {
namespace {

struct TiesSettings {
  double density;
  Scope scope;
  double lambda;
};

class Ties final : public FusionRule {
 public:
  explicit Ties(const TiesSettings& settings) : settings_{settings} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    const Trimming trimming{modules, settings_.scope, settings_.density};
    fuse_by_election(
        modules, settings_.scope, settings_.lambda, [&] { return trimming.begin(); }, sink);
  }

 private:
  TiesSettings settings_;
};

class WeightedTies final : public FusionRule {
 public:
  explicit WeightedTies(const TiesSettings& settings) : settings_{settings} {}

  void fuse(const ModuleSource& modules, const DeltaSink& sink) const override {
    const Trimming trimming{modules, settings_.scope, settings_.density};
    fuse_by_weighted_election(modules, settings_.lambda, trimming.begin(), sink);
  }

 private:
  TiesSettings settings_;
};

/// Both rules have the same parameters.
template <class Rule>
Method<FusionRule> method(std::string name, std::string summary, std::string of_scope) {
  return {.name = std::move(name),
          .summary = std::move(summary),
          .parameters = {{.name = "density",
                          .standard = 0.2,
                          .meaning = "share of each change's entries that is kept",
                          .least = 0,
                          .most = 1},
                         scope_parameter(std::move(of_scope), {"tensor", "model"}),
                         {.name = "lambda", .standard = 1.0, .meaning = "factor on the result"}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Rule>(
                TiesSettings{.density = number(p, "density"), .scope = scope_of(p), .lambda = number(p, "lambda")});
          }};
}

}  // namespace

Method<FusionRule> ties_rule() {
  return method<Ties>("ties", "trim, elect signs, mean of the changes that agree (2306.01708)",
                      "what is trimmed and counted as one: each module or the whole model");
}

Method<FusionRule> ties_weighted_rule() {
  return method<WeightedTies>("ties-weighted", "ties with weights in the election and in the mean, mergekit's form",
                              "what is trimmed as one: each module or the whole model");
}

}  // namespace edgefuse::server
