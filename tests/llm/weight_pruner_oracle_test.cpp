#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/llm/naive_inverse.hpp"
#include "tests/llm/naive_layer.hpp"
#include "tests/llm/sparse_models.hpp"

// Each criterion once more, weight by weight in float64, on a model in float64.
namespace edgefuse::llm {
namespace {

using testing::cut;
using testing::divisible_config;
using testing::inverse;
using testing::naive_layer;
using testing::numbers;
using testing::random_model;
using testing::random_texts;
using testing::Rows;
using testing::small_config;

struct Case {
  std::string pruner;
  std::string pattern;
  std::int64_t m = 0;  // 0: any pattern
  bool divisible = false;
  std::vector<double> ratios{};
  std::int64_t block = 128;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.pruner << " " << c.pattern;
}

using Place = std::pair<std::size_t, std::size_t>;  // row, column
using Zeros = std::vector<std::vector<bool>>;

/// Of `places` the first floor(ratio · n) by cost, those given before included.
void choose(const std::vector<Place>& places, const std::function<double(Place)>& cost, double ratio, Zeros& zeros) {
  auto order = places;
  std::ranges::stable_sort(order, {}, [&](Place at) { return zeros[at.first][at.second] ? -1.0 : cost(at); });
  const auto count = std::llround(100 * ratio) * std::ssize(places) / 100;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    zeros[order[i].first][order[i].second] = true;
}

std::vector<Place> rectangle(std::size_t first_row, std::size_t end_row, std::size_t first, std::size_t end) {
  std::vector<Place> places;
  for (auto i = first_row; i < end_row; ++i)
    for (auto j = first; j < end; ++j)
      places.emplace_back(i, j);
  return places;
}

/// What zeroes one projection: its weight, what it multiplies text by text, and the zeros there have to be.
using Criterion = std::function<Rows(const Case&, double ratio, Rows, const std::vector<Rows>& texts, Zeros)>;

Rows with_zeros(Rows w, const Zeros& zeros) {
  for (std::size_t i = 0; i < w.size(); ++i)
    for (std::size_t j = 0; j < w[i].size(); ++j)
      if (zeros[i][j]) w[i][j] = 0;
  return w;
}

Rows by_magnitude(const Case& c, double ratio, Rows w, const std::vector<Rows>& /*texts*/, Zeros zeros) {
  const auto [out, in] = std::pair{w.size(), w[0].size()};
  const auto m = static_cast<std::size_t>(c.m);
  const auto cost = [&](Place at) { return std::abs(w[at.first][at.second]); };
  if (m == 0) choose(rectangle(0, out, 0, in), cost, ratio, zeros);
  for (std::size_t i = 0; m > 0 && i < out; ++i)
    for (std::size_t j = 0; j < in; j += m)
      choose(rectangle(i, i + 1, j, j + m), cost, ratio, zeros);
  return with_zeros(w, zeros);
}

Rows by_wanda(const Case& c, double ratio, Rows w, const std::vector<Rows>& texts, Zeros zeros) {
  const auto in = w[0].size();
  const auto width = c.m == 0 ? in : static_cast<std::size_t>(c.m);
  std::vector<double> squares(in, 0.0);
  for (const auto& text : texts)
    for (const auto& x : text)
      for (std::size_t j = 0; j < in; ++j)
        squares[j] += x[j] * x[j];
  const auto cost = [&](Place at) { return std::abs(w[at.first][at.second]) * std::sqrt(squares[at.second]); };
  for (std::size_t i = 0; i < w.size(); ++i)
    for (std::size_t j = 0; j < in; j += width)
      choose(rectangle(i, i + 1, j, j + width), cost, ratio, zeros);
  return with_zeros(w, zeros);
}

Rows hessian_of(const std::vector<Rows>& texts, std::size_t in) {
  Rows h(in, std::vector<double>(in, 0.0));
  for (const auto& text : texts)
    for (const auto& x : text)
      for (std::size_t j = 0; j < in; ++j)
        for (std::size_t k = 0; k < in; ++k)
          h[j][k] += 2 * x[j] * x[k] / static_cast<double>(texts.size());
  double mean = 0;
  for (std::size_t j = 0; j < in; ++j)
    mean += h[j][j] / static_cast<double>(in);
  for (std::size_t j = 0; j < in; ++j)
    h[j][j] += 0.01 * mean;
  return h;
}

/// Without a Cholesky factor: the optimal brain surgeon among columns j and later, by the inverse of H's part there.
Rows by_sparsegpt(const Case& c, double ratio, Rows w, const std::vector<Rows>& texts, Zeros zeros) {
  const auto [out, in] = std::pair{w.size(), w[0].size()};
  const auto h = hessian_of(texts, in);
  std::vector<Rows> later;  // [j]: inverse of H over columns j, j + 1, ...
  for (std::size_t j = 0; j < in; ++j)
    later.push_back(inverse(h, j));
  const auto cost = [&](Place at) { return std::pow(w[at.first][at.second], 2) / later[at.second][0][0]; };
  const auto step = static_cast<std::size_t>(c.m == 0 ? c.block : c.m);
  for (std::size_t j = 0; j < in; ++j) {
    const auto end = std::min(in, j + step);
    if (c.m == 0 && j % step == 0) choose(rectangle(0, out, j, end), cost, ratio, zeros);
    for (std::size_t i = 0; i < out; ++i) {
      if (c.m > 0 && j % step == 0) choose(rectangle(i, i + 1, j, end), cost, ratio, zeros);
      if (!zeros[i][j]) continue;
      const double gone = w[i][j];
      for (auto k = j; k < in; ++k)
        w[i][k] -= gone / later[j][0][0] * later[j][0][k - j];
      w[i][j] = 0;
    }
  }
  return w;
}

/// The model at one ratio, layer by layer: what a layer's projections multiply while it is whole, then its pruned form.
Model pruned_naively(const Case& c, const Criterion& criterion, const Model& base, const Calibration& calibration,
                     double ratio, const Model* smaller) {
  std::vector<at::Tensor> hidden;
  for (const auto& text : calibration.texts)
    hidden.push_back(base.embedding.index_select(0, at::tensor(text)));
  Model model = base;
  for (std::size_t l = 0; l < base.layers.size(); ++l) {
    std::map<Projection, std::vector<Rows>> inputs;
    for (const auto& x : hidden) {
      const auto seen = naive_layer(base.config, base.layers[l], x);
      for (const auto p : {Projection::q, Projection::k, Projection::v})
        inputs[p].push_back(numbers(seen.attention));
      for (const auto p : {Projection::gate, Projection::up})
        inputs[p].push_back(numbers(seen.mlp));
      inputs[Projection::o].push_back(numbers(seen.o));
      inputs[Projection::down].push_back(numbers(seen.down));
    }
    for (const auto p : all_projections) {
      auto& weight = model.layers[l].projection(p).weight;
      Zeros given(static_cast<std::size_t>(weight.size(0)),
                  std::vector<bool>(static_cast<std::size_t>(weight.size(1))));
      if (smaller != nullptr) {
        const auto zeroed = numbers(smaller->layers[l].projection(p).weight);
        for (std::size_t i = 0; i < zeroed.size(); ++i)
          for (std::size_t j = 0; j < zeroed[i].size(); ++j)
            given[i][j] = zeroed[i][j] == 0;
      }
      const auto rows = criterion(c, ratio, numbers(weight), inputs[p], given);
      weight = weight.clone();
      for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(rows[i], weight.data_ptr<double>() + static_cast<std::int64_t>(i) * weight.size(1));
    }
    for (auto& x : hidden)
      x = naive_layer(base.config, model.layers[l], x).output;
  }
  return model;
}

class WeightCriterion : public ::testing::TestWithParam<Case> {};

TEST_P(WeightCriterion, IsWhatItIsWeightByWeight) {
  const at::NoGradGuard no_grad;
  const auto& c = GetParam();
  const auto base = random_model(c.divisible ? divisible_config() : small_config(), 6, at::kDouble);
  const auto texts = random_texts(base.config.vocabulary, 4, 7);
  Parameters parameters{{"pattern", c.pattern}};
  if (c.pruner == "sparsegpt") parameters["block"] = static_cast<double>(c.block);
  const auto variants = cut(*pruners().make(c.pruner, parameters), base, c.ratios, texts);
  const std::map<std::string, Criterion> criteria = {
      {"sparse-magnitude", by_magnitude}, {"wanda", by_wanda}, {"sparsegpt", by_sparsegpt}};
  std::vector<Model> expected;
  expected.reserve(c.ratios.size());
  for (std::size_t v = 0; v < c.ratios.size(); ++v) {
    expected.push_back(
        pruned_naively(c, criteria.at(c.pruner), base, texts, c.ratios[v], v == 0 ? nullptr : &expected[v - 1]));
    for (std::size_t l = 0; l < base.layers.size(); ++l)
      for (const auto p : all_projections) {
        const auto& got = variants[v].layers[l].projection(p).weight;
        const auto& wanted = expected[v].layers[l].projection(p).weight;
        const auto where = fmt::format("ratio {}, layer {}, {}", c.ratios[v], l, projection_name(p));
        EXPECT_TRUE(at::equal(got.eq(0), wanted.eq(0))) << "other zeros: " << where;
        EXPECT_LT((got - wanted).abs().max().item<double>(), 1e-9) << where;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Toys, WeightCriterion,
    ::testing::Values(Case{.pruner = "sparse-magnitude", .pattern = "unstructured", .ratios = {0.3, 0.55}},
                      Case{.pruner = "sparse-magnitude", .pattern = "2:4", .m = 4, .ratios = {0.5}},
                      Case{.pruner = "sparse-magnitude", .pattern = "4:8", .m = 8, .divisible = true, .ratios = {0.5}},
                      Case{.pruner = "wanda", .pattern = "unstructured", .ratios = {0.3, 0.55, 0.8}},
                      Case{.pruner = "wanda", .pattern = "2:4", .m = 4, .ratios = {0.5}},
                      Case{.pruner = "wanda", .pattern = "4:8", .m = 8, .divisible = true, .ratios = {0.5}},
                      Case{.pruner = "sparsegpt", .pattern = "unstructured", .ratios = {0.3, 0.55, 0.8}},
                      Case{.pruner = "sparsegpt", .pattern = "unstructured", .ratios = {0.3, 0.55}, .block = 5},
                      Case{.pruner = "sparsegpt", .pattern = "2:4", .m = 4, .ratios = {0.5}, .block = 6},
                      Case{.pruner = "sparsegpt", .pattern = "4:8", .m = 8, .divisible = true, .ratios = {0.5}}));

}  // namespace
}  // namespace edgefuse::llm
