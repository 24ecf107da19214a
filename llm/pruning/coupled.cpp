#include "llm/pruning/coupled.hpp"

#include <ATen/ATen.h>

#include <cstddef>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

at::Tensor in_double(const at::Tensor& matrix) {
  return matrix.to(at::kDouble).contiguous();
}

std::vector<double> row_sums(const at::Tensor& matrix) {
  return column_sums(matrix.t());
}

void add(std::vector<double>& sums, const std::vector<double>& more) {
  EDGEFUSE_EXPECTS(sums.size() == more.size(), "coupled matrices have as many blocks");
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] += more[i];
}

}  // namespace

/// Plain loops: ATen's sums may depend on the number of threads.
std::vector<double> column_sums(const at::Tensor& matrix) {
  const auto values = in_double(matrix);
  std::vector<double> sums(static_cast<std::size_t>(values.size(1)), 0.0);
  const auto* x = values.data_ptr<double>();
  for (std::int64_t row = 0; row < values.size(0); ++row)
    for (auto& sum : sums)
      sum += *x++;
  return sums;
}

std::vector<double> block_sums(const std::vector<double>& values, std::int64_t width) {
  EDGEFUSE_EXPECTS(width > 0 && std::ssize(values) % width == 0, "values are whole blocks");
  std::vector<double> sums(values.size() / static_cast<std::size_t>(width), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i / static_cast<std::size_t>(width)] += values[i];
  return sums;
}

Importance::Layer coupled_sums(const ModelConfig& config, const WeightScores& scores) {
  const auto queries = config.head_dim * config.group();
  Importance::Layer layer{.kv_heads = block_sums(row_sums(scores(Projection::k)), config.head_dim),
                          .neurons = row_sums(scores(Projection::gate))};
  add(layer.kv_heads, block_sums(row_sums(scores(Projection::v)), config.head_dim));
  add(layer.kv_heads, block_sums(row_sums(scores(Projection::q)), queries));
  add(layer.kv_heads, block_sums(column_sums(scores(Projection::o)), queries));
  add(layer.neurons, row_sums(scores(Projection::up)));
  add(layer.neurons, column_sums(scores(Projection::down)));
  return layer;
}

}  // namespace edgefuse::llm
