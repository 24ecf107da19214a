#include "server/conflict/diagnostics_summary.hpp"

#include <map>
#include <optional>
#include <utility>

namespace edgefuse::server {
namespace {

/// Σ w·x / Σ w; 0 while there is nothing.
class WeightedMean {
 public:
  void add(double x, std::int64_t weight) {
    sum_ += static_cast<double>(weight) * x;
    weight_ += weight;
  }
  [[nodiscard]] double value() const { return weight_ > 0 ? sum_ / static_cast<double>(weight_) : 0; }
  [[nodiscard]] std::int64_t weight() const { return weight_; }

 private:
  double sum_ = 0;
  std::int64_t weight_ = 0;
};

/// Of spaces that not every module need have.
struct MeanCosines {
  WeightedMean largest;
  WeightedMean mean;

  void add(const std::optional<PrincipalCosines>& cosines, std::int64_t weight) {
    if (!cosines) return;
    largest.add(cosines->largest, weight);
    mean.add(cosines->mean, weight);
  }
  [[nodiscard]] std::optional<PrincipalCosines> value() const {
    if (largest.weight() == 0) return std::nullopt;
    return PrincipalCosines{.largest = largest.value(), .mean = mean.value()};
  }
};

/// One pair over the modules.
struct PairMeans {
  WeightedMean cosine;
  WeightedMean sign_disagreement;
  WeightedMean excess;
  WeightedMean overlap;
  WeightedMean top_overlap;
  WeightedMean norm_ratio;
  MeanCosines rows;
  MeanCosines columns;

  void add(const PairDiagnostics& pair) {
    cosine.add(pair.cosine, pair.entries);
    sign_disagreement.add(pair.sign_disagreement, pair.shared);
    excess.add(pair.excess, pair.shared);
    overlap.add(pair.overlap, pair.entries);
    top_overlap.add(pair.top_overlap, pair.entries);
    norm_ratio.add(pair.norm_ratio, pair.entries);
    rows.add(pair.rows, pair.entries);
    columns.add(pair.columns, pair.entries);
  }
  [[nodiscard]] PairDiagnostics value(std::size_t first, std::size_t second) const {
    return {.first = first,
            .second = second,
            .entries = cosine.weight(),
            .shared = excess.weight(),
            .cosine = cosine.value(),
            .sign_disagreement = sign_disagreement.value(),
            .excess = excess.value(),
            .overlap = overlap.value(),
            .top_overlap = top_overlap.value(),
            .norm_ratio = norm_ratio.value(),
            .rows = rows.value(),
            .columns = columns.value()};
  }
};

}  // namespace

ConflictSummary summarise(std::span<const ModuleDiagnostics> modules, std::size_t contributions) {
  WeightedMean cosine;
  WeightedMean disagreement;
  WeightedMean excess;
  WeightedMean cancelled;
  std::map<std::pair<std::size_t, std::size_t>, PairMeans> pairs;
  for (const auto& module : modules) {
    if (!module.pairs.empty()) cosine.add(module.mean_cosine, module.entries);
    disagreement.add(module.disagreement, module.contested);
    excess.add(module.excess, module.contested);
    cancelled.add(module.cancelled_mass, module.entries);
    for (const auto& pair : module.pairs)
      pairs[{pair.first, pair.second}].add(pair);
  }
  ConflictSummary summary{.contributions = contributions,
                          .entries = cancelled.weight(),
                          .contested = excess.weight(),
                          .pairs = {},
                          .mean_cosine = cosine.value(),
                          .disagreement = disagreement.value(),
                          .excess = excess.value(),
                          .cancelled_mass = cancelled.value()};
  for (const auto& [places, means] : pairs)
    summary.pairs.push_back(means.value(places.first, places.second));
  return summary;
}

}  // namespace edgefuse::server
