#include "llm/pruning/flap.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "llm/pruning/coupled.hpp"
#include "llm/pruning/input_moments.hpp"
#include "llm/pruning/standardised.hpp"

namespace edgefuse::llm {
namespace {

enum class Metric : std::uint8_t { wifv, ifv, wifn };

std::vector<double> channel_scores(Metric metric, const at::Tensor& weight, const InputMoments& inputs) {
  if (metric == Metric::wifn) return weighted_norms(weight, inputs);
  const auto variance = inputs.variance();
  if (metric == Metric::ifv) return variance;
  auto scores = column_sums(weight.to(at::kDouble).square());
  for (std::size_t j = 0; j < scores.size(); ++j)
    scores[j] *= variance[j];
  return scores;
}

/// What the columns from `kept` on added to the output on the average, [out].
at::Tensor mean_of_lost(const at::Tensor& weight, std::int64_t kept, const std::vector<double>& mean) {
  const auto lost = weight.size(1) - kept;
  const auto inputs = at::tensor(at::ArrayRef<double>{mean}.slice(static_cast<std::size_t>(kept)), at::kDouble);
  return at::mv(weight.narrow(1, kept, lost).to(at::kDouble), inputs).to(weight.scalar_type());
}

void compensate(Linear& cut, const at::Tensor& whole, const InputMoments& inputs) {
  if (cut.in() == whole.size(1)) return;
  const auto lost = mean_of_lost(whole, cut.in(), inputs.mean());
  cut.bias = cut.bias.defined() ? cut.bias + lost : lost;
}

class FlapPruner final : public Pruner {
 public:
  FlapPruner(Metric metric, bool bias) : metric_{metric}, bias_{bias} {}

  [[nodiscard]] bool needs_calibration() const override { return true; }
  [[nodiscard]] Budget own_budget() const override { return Budget::global; }
  [[nodiscard]] bool slices() const override { return !bias_; }

  [[nodiscard]] Importance rank(const Model& base, const Calibration& calibration) const override {
    const auto moments = input_moments(base, calibration);
    Importance importance{.layers = {}, .comparable = true};
    for (std::size_t l = 0; l < base.layers.size(); ++l)
      importance.layers.push_back(rank_layer(base.config, base.layers[l], moments[l]));
    return importance;
  }

  [[nodiscard]] VariantShape completed(VariantShape shape, const ModelConfig& config) const override {
    if (!bias_) return shape;
    for (auto& layer : shape.layers) {
      layer.o_bias = layer.kv_heads < config.kv_heads;
      layer.down_bias = layer.neurons < config.intermediate;
    }
    return shape;
  }

  [[nodiscard]] std::vector<Model> cut(const Model& sorted, std::span<const VariantShape> shapes,
                                       const Calibration& calibration) const override {
    auto variants = Pruner::cut(sorted, shapes, calibration);
    if (!bias_) return variants;
    const auto moments = input_moments(sorted, calibration);
    for (auto& variant : variants)
      for (std::size_t l = 0; l < variant.layers.size(); ++l) {
        compensate(variant.layers[l].o, sorted.layers[l].o.weight, moments[l].o);
        compensate(variant.layers[l].down, sorted.layers[l].down.weight, moments[l].down);
      }
    return variants;
  }

 private:
  [[nodiscard]] Importance::Layer rank_layer(const ModelConfig& config, const Layer& layer,
                                             const LayerMoments& moments) const {
    auto heads = channel_scores(metric_, layer.o.weight, moments.o);
    for (auto& score : heads)
      score *= score;
    const auto width = config.head_dim * config.group();
    auto groups = block_sums(standardised(std::move(heads), Deviation::sample), width);
    for (auto& score : groups)
      score /= static_cast<double>(width);
    return {.kv_heads = std::move(groups),
            .neurons = standardised(channel_scores(metric_, layer.down.weight, moments.down), Deviation::sample)};
  }

  Metric metric_;
  bool bias_;
};

Metric metric_of(const std::string& name) {
  if (name == "ifv") return Metric::ifv;
  return name == "wifn" ? Metric::wifn : Metric::wifv;
}

}  // namespace

Method<Pruner> flap_pruner() {
  return {
      .name = "flap",
      .summary = "groups and neurons whose inputs fluctuate stay, the others' mean becomes a bias (FLAP, 2312.11983)",
      .parameters = {{.name = "metric",
                      .standard = std::string{"wifv"},
                      .meaning = "weighted fluctuation, fluctuation alone, or weighted norm",
                      .choices = {"wifv", "ifv", "wifn"}},
                     {.name = "bias", .standard = true, .meaning = "whether the mean of what went becomes a bias"}},
      .make = [](const Parameters& p) -> std::unique_ptr<Pruner> {
        return std::make_unique<FlapPruner>(metric_of(word(p, "metric")), flag(p, "bias"));
      }};
}

}  // namespace edgefuse::llm
