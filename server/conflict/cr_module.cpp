#include "server/conflict/cr_module.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "server/conflict/scaled.hpp"
#include "server/fusion/gram.hpp"

namespace edgefuse::server {
namespace {

class CrModule final : public ConflictResolver {
 public:
  CrModule(double threshold, bool drops) : threshold_{threshold}, drops_{drops} {}

  [[nodiscard]] ModuleParts resolve(llm::ModuleId /*module*/, ModuleParts parts,
                                    const FusionSeed& /*seed*/) const override {
    const Gram gram{parts};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto mean = mean_cosine(gram, parts, i);
      if (!mean || !(*mean < threshold_)) continue;
      const double factor = drops_ ? 0 : std::clamp(1 + *mean, 0.0, 1.0);
      if (factor != 1) parts[i].delta = scaled(parts[i].delta, factor);
    }
    return parts;
  }
  [[nodiscard]] bool keeps_low_rank() const override { return true; }

 private:
  /// Nothing where the part, or every other that has a weight, is zero.
  static std::optional<double> mean_cosine(const Gram& gram, const ModuleParts& parts, std::size_t i) {
    double sum = 0;
    int others = 0;
    for (std::size_t j = 0; j < parts.size(); ++j) {
      if (j == i || parts[j].weight == 0 || gram.norm(j) == 0) continue;
      sum += side_of(parts[i]) * side_of(parts[j]) * gram.cosine(i, j);
      ++others;
    }
    if (others == 0 || gram.norm(i) == 0) return std::nullopt;
    return sum / others;
  }

  double threshold_;
  bool drops_;
};

}  // namespace

Method<ConflictResolver> cr_module() {
  return {.name = "cr-module",
          .summary = "drop or shrink an adapter's module whose mean cosine with the other adapters' is low",
          .parameters = {{.name = "threshold",
                          .standard = 0.0,
                          .meaning = "mean cosine below which a module is in conflict",
                          .least = -1,
                          .most = 1},
                         {.name = "mode",
                          .standard = std::string{"drop"},
                          .meaning = "drop: such a module becomes 0; shrink: it is multiplied by 1 + its mean cosine",
                          .choices = {"drop", "shrink"}}},
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrModule>(number(p, "threshold"), word(p, "mode") == "drop");
          }};
}

}  // namespace edgefuse::server
