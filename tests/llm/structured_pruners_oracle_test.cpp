#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "llm/costs.hpp"
#include "llm/pruning/prune.hpp"
#include "llm/reference.hpp"
#include "tests/llm/calibration_texts.hpp"
#include "tests/llm/naive_layer.hpp"
#include "tests/llm/small_model.hpp"

/// Every criterion once more, number by number in float64, from the formulas of the papers.
namespace edgefuse::llm {
namespace {

using testing::naive_layers;
using testing::random_model;
using testing::small_config;

class StructuredPruners : public ::testing::Test {
 protected:
  static constexpr std::int64_t texts = 3;
  static constexpr std::int64_t tokens = 7;

  Model model = random_model(small_config(), 3, at::kDouble);
  Calibration calibration = testing::random_texts(model.config.vocabulary, texts, tokens);
  std::int64_t width = model.config.head_dim * model.config.group();

  [[nodiscard]] Importance rank(const std::string& name, const Parameters& parameters = {}) const {
    return pruners().make(name, parameters)->rank(model, calibration);
  }

  /// What o or down of a layer multiplied over all texts, [texts · tokens, in].
  [[nodiscard]] at::Tensor inputs(std::size_t layer, Projection p) const {
    std::vector<at::Tensor> rows;
    for (const auto& text : calibration.texts) {
      const auto all = naive_layers(model, text);
      rows.push_back(p == Projection::o ? all[layer].o : all[layer].down);
    }
    return at::cat(rows, 0);
  }

  static double norm(const at::Tensor& x, std::int64_t j) {
    double squares = 0;
    for (std::int64_t t = 0; t < x.size(0); ++t)
      squares += std::pow(x[t][j].item<double>(), 2);
    return std::sqrt(squares);
  }
  static double mean(const at::Tensor& x, std::int64_t j) {
    double sum = 0;
    for (std::int64_t t = 0; t < x.size(0); ++t)
      sum += x[t][j].item<double>();
    return sum / static_cast<double>(x.size(0));
  }
  static double variance(const at::Tensor& x, std::int64_t j) {
    const double m = mean(x, j);
    double squares = 0;
    for (std::int64_t t = 0; t < x.size(0); ++t)
      squares += std::pow(x[t][j].item<double>() - m, 2);
    return squares / static_cast<double>(x.size(0) - 1);
  }
  static double column(const at::Tensor& w, std::int64_t j, double power) {
    double sum = 0;
    for (std::int64_t i = 0; i < w.size(0); ++i)
      sum += std::pow(std::abs(w[i][j].item<double>()), power);
    return sum;
  }

  static void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, const std::string& what) {
    ASSERT_EQ(got.size(), wanted.size()) << what;
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], 1e-9 * (1 + std::abs(wanted[i]))) << what << ' ' << i;
  }
};

std::vector<double> blocks(const std::vector<double>& values, std::int64_t width) {
  std::vector<double> sums(values.size() / static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i / static_cast<std::size_t>(width)] += values[i];
  return sums;
}

TEST_F(StructuredPruners, TheStreamShowsWhatEveryProjectionMultiplies) {
  ActivationStream stream{model, calibration};
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    std::size_t text = 0;
    stream.advance(model.layers[l], [&](const LayerInputs& seen) {
      const auto naive = naive_layers(model, calibration.texts[text])[l];
      const auto where = "layer " + std::to_string(l) + ", text " + std::to_string(text);
      EXPECT_LT((seen.attention - naive.attention).abs().max().item<double>(), 1e-10) << where;
      EXPECT_LT((seen.o - naive.o).abs().max().item<double>(), 1e-10) << where;
      EXPECT_LT((seen.mlp - naive.mlp).abs().max().item<double>(), 1e-10) << where;
      EXPECT_LT((seen.down - naive.down).abs().max().item<double>(), 1e-10) << where;
      ++text;
    });
    EXPECT_EQ(text, calibration.texts.size());
  }
}

TEST_F(StructuredPruners, WandaSpMultipliesColumnMeansByInputNorms) {
  const auto importance = rank("wanda-sp");
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const auto score = [&](Projection p) {
      const auto& w = model.layers[l].projection(p).weight;
      const auto x = inputs(l, p);
      std::vector<double> scores;
      for (std::int64_t j = 0; j < w.size(1); ++j)
        scores.push_back(column(w, j, 1) / static_cast<double>(w.size(0)) * norm(x, j));
      return scores;
    };
    expect_near(importance.layers[l].kv_heads, blocks(score(Projection::o), width), "group");
    expect_near(importance.layers[l].neurons, score(Projection::down), "neuron");
  }
}

TEST_F(StructuredPruners, FlapScoresFluctuation) {
  for (const std::string metric : {"wifv", "ifv", "wifn"}) {
    const auto importance = rank("flap", {{"metric", metric}});
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      const auto score = [&](Projection p) {
        const auto& w = model.layers[l].projection(p).weight;
        const auto x = inputs(l, p);
        std::vector<double> scores;
        for (std::int64_t j = 0; j < w.size(1); ++j) {
          double s = metric == "wifv" ? variance(x, j) * column(w, j, 2) : variance(x, j);
          if (metric == "wifn") s = column(w, j, 1) / static_cast<double>(w.size(0)) * norm(x, j);
          scores.push_back(p == Projection::o ? s * s : s);
        }
        const auto all = at::tensor(scores, at::kDouble).unsqueeze(1);
        std::vector<double> standard;
        for (const double s : scores)
          standard.push_back((s - mean(all, 0)) / std::sqrt(variance(all, 0)));
        return standard;
      };
      auto groups = blocks(score(Projection::o), width);
      for (auto& g : groups)
        g /= static_cast<double>(width);
      expect_near(importance.layers[l].kv_heads, groups, metric + ", group");
      expect_near(importance.layers[l].neurons, score(Projection::down), metric + ", neuron");
    }
  }
}

/// The first layer's inputs do not depend on pruning, so there its mean output is kept exactly.
TEST_F(StructuredPruners, FlapsBiasIsTheMeanOfWhatWent) {
  const auto pruner = pruners().make("flap");
  const auto pruned = prune(model, *pruner, std::vector{0.6}, {.budget = Budget::per_layer}, calibration);
  const auto& whole = pruned.sorted.layers.front();
  const auto& cut = pruned.variants.front().layers.front();
  ASSERT_LT(cut.o.in(), whole.o.in());
  ASSERT_LT(cut.down.in(), whole.down.in());
  ActivationStream stream{pruned.sorted, calibration};
  at::Tensor before_o = at::zeros({model.config.hidden}, at::kDouble);
  at::Tensor after_o = at::zeros_like(before_o);
  at::Tensor before_down = at::zeros_like(before_o);
  at::Tensor after_down = at::zeros_like(before_o);
  stream.watch(whole, [&](const LayerInputs& x) {
    before_o += at::matmul(x.o, whole.o.weight.t()).mean(0);
    after_o += at::matmul(x.o.narrow(1, 0, cut.o.in()), cut.o.weight.t()).mean(0) + cut.o.bias;
    before_down += at::matmul(x.down, whole.down.weight.t()).mean(0);
    after_down += at::matmul(x.down.narrow(1, 0, cut.down.in()), cut.down.weight.t()).mean(0) + cut.down.bias;
  });
  EXPECT_LT((before_o - after_o).abs().max().item<double>(), 1e-12);
  EXPECT_LT((before_down - after_down).abs().max().item<double>(), 1e-12);
  EXPECT_FALSE(pruned.sorted.layers.front().o.bias.defined()) << "the base was given a bias too";
}

TEST_F(StructuredPruners, FlapsBiasesAreCountedInWhatItsVariantsCost) {
  const auto pruner = pruners().make("flap");
  for (const auto budget : {Budget::per_layer, Budget::global}) {
    const auto pruned =
        prune(model, *pruner, std::vector{0.0, 0.3, 0.6}, {.budget = budget, .protection = {.first = 1}}, calibration);
    for (std::size_t i = 0; i < pruned.shapes.size(); ++i) {
      auto held = pruned.variants[i].parameters();  // without biases that the architecture has no place for
      for (const auto& layer : pruned.variants[i].layers)
        for (const auto* linear : {&layer.o, &layer.down})
          held += linear->bias.defined() ? linear->bias.numel() : 0;
      EXPECT_EQ(parameters(model.config, pruned.shapes[i]), held) << "variant " << i;
    }
  }
}

TEST_F(StructuredPruners, FlapWithoutBiasIsAPlainSlice) {
  const auto pruner = pruners().make("flap", {{"bias", false}});
  const auto pruned = prune(model, *pruner, std::vector{0.6}, {}, calibration);
  EXPECT_TRUE(pruner->slices());
  EXPECT_FALSE(pruned.variants.front().layers.front().o.bias.defined());
}

/// The loss and its gradients as one graph over the whole model, where the pruner goes layer by layer.
TEST_F(StructuredPruners, TaylorPredictsTheChangeOfTheLoss) {
  Model leaves = model;
  std::vector<at::Tensor> squares;
  for (auto& layer : leaves.layers)
    for (const auto p : all_projections) {
      auto& weight = layer.projection(p).weight;
      weight = weight.detach().clone().set_requires_grad(true);
      squares.push_back(at::zeros_like(weight));
    }
  std::vector<at::Tensor> sums(squares.size());
  for (const auto& text : calibration.texts) {
    const auto ids = at::tensor(text).unsqueeze(0);
    reference_loss(reference_logits(leaves, nullptr, ids), ids).backward();
    std::size_t i = 0;
    for (auto& layer : leaves.layers)
      for (const auto p : all_projections) {
        auto& gradient = layer.projection(p).weight.mutable_grad();
        squares[i] += gradient.detach().square() / static_cast<double>(texts);
        sums[i] = sums[i].defined() ? sums[i] + gradient.detach() : gradient.detach().clone();
        gradient.detach_().zero_();
        ++i;
      }
  }
  for (const std::string order : {"first", "second", "mixed"}) {
    const auto importance = rank("taylor", {{"order", order}});
    ASSERT_TRUE(importance.comparable);
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      std::vector<double> groups(static_cast<std::size_t>(model.config.kv_heads));
      std::vector<double> neurons(static_cast<std::size_t>(model.config.intermediate));
      for (const auto p : all_projections) {
        const auto i = l * all_projections.size() + static_cast<std::size_t>(p);
        const auto& w = model.layers[l].projection(p).weight;
        for (std::int64_t r = 0; r < w.size(0); ++r)
          for (std::int64_t c = 0; c < w.size(1); ++c) {
            const double x = w[r][c].item<double>();
            const double g = sums[i][r][c].item<double>() / static_cast<double>(texts);
            const double h = squares[i][r][c].item<double>();
            const double s = order == "first"    ? std::abs(x * g)
                             : order == "second" ? std::abs(x * h * x)
                                                 : std::abs(x * g - x * h * x / 2);
            const auto queries = p == Projection::q ? r : c;
            if (p == Projection::q || p == Projection::o) groups[static_cast<std::size_t>(queries / width)] += s;
            if (p == Projection::k || p == Projection::v)
              groups[static_cast<std::size_t>(r / model.config.head_dim)] += s;
            if (p == Projection::gate || p == Projection::up) neurons[static_cast<std::size_t>(r)] += s;
            if (p == Projection::down) neurons[static_cast<std::size_t>(c)] += s;
          }
      }
      expect_near(importance.layers[l].kv_heads, groups, order + ", group");
      expect_near(importance.layers[l].neurons, neurons, order + ", neuron");
    }
  }
}

TEST_F(StructuredPruners, BlockInfluenceIsOneLessTheMeanCosineOfWhatEntersAndLeavesALayer) {
  const auto importance = rank("block-influence");
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    double cosines = 0;
    for (const auto& text : calibration.texts) {
      const auto all = naive_layers(model, text);
      for (std::int64_t t = 0; t < tokens; ++t) {
        double product = 0;
        double before = 0;
        double after = 0;
        for (std::int64_t j = 0; j < model.config.hidden; ++j) {
          const auto id = text[static_cast<std::size_t>(t)];
          const double x = l == 0 ? model.embedding[id][j].item<double>() : all[l - 1].output[t][j].item<double>();
          const double y = all[l].output[t][j].item<double>();
          product += x * y;
          before += x * x;
          after += y * y;
        }
        cosines += product / std::sqrt(before * after);
      }
    }
    EXPECT_NEAR(importance.whole_layers[l], 1 - cosines / (texts * tokens), 1e-12) << "layer " << l;
  }
}

}  // namespace
}  // namespace edgefuse::llm
