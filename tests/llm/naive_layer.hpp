#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "llm/model.hpp"
#include "llm/rope.hpp"

namespace edgefuse::llm::testing {

/// One decoder block computed number by number in float64: what activations are compared against.
struct NaiveLayer {
  at::Tensor attention;  // what q, k, v multiply, [tokens, hidden]
  at::Tensor o;          // what o multiplies
  at::Tensor mlp;        // what gate, up multiply
  at::Tensor down;       // what down multiplies
  at::Tensor output;     // hidden states after the block
};

inline at::Tensor naive_product(const at::Tensor& x, const Linear& linear) {
  const auto w = linear.weight.to(at::kDouble);
  auto y = at::zeros({x.size(0), w.size(0)}, at::kDouble);
  const auto in = x.accessor<double, 2>();
  const auto weight = w.accessor<double, 2>();
  auto out = y.accessor<double, 2>();
  for (std::int64_t t = 0; t < x.size(0); ++t)
    for (std::int64_t i = 0; i < w.size(0); ++i) {
      out[t][i] = linear.bias.defined() ? linear.bias[i].item<double>() : 0;
      for (std::int64_t j = 0; j < w.size(1); ++j)
        out[t][i] += weight[i][j] * in[t][j];
    }
  return y;
}

inline at::Tensor naive_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  auto y = at::empty_like(x);
  for (std::int64_t t = 0; t < x.size(0); ++t) {
    double squares = 0;
    for (std::int64_t j = 0; j < x.size(1); ++j)
      squares += std::pow(x[t][j].item<double>(), 2);
    for (std::int64_t j = 0; j < x.size(1); ++j)
      y[t][j] = x[t][j].item<double>() / std::sqrt(squares / static_cast<double>(x.size(1)) + eps) *
                weight[j].item<double>();
  }
  return y;
}

/// Rotates every head of [tokens, heads · head_dim] in place.
inline void naive_rotate(at::Tensor& x, const RopeTables& rope, std::int64_t head_dim) {
  auto v = x.accessor<double, 2>();
  const auto half = head_dim / 2;
  for (std::int64_t t = 0; t < x.size(0); ++t)
    for (std::int64_t first = 0; first < x.size(1); first += head_dim)
      for (std::int64_t i = 0; i < half; ++i) {
        const double c = rope.cos[t][i].item<double>();
        const double s = rope.sin[t][i].item<double>();
        const double a = v[t][first + i];
        const double b = v[t][first + half + i];
        v[t][first + i] = a * c - b * s;
        v[t][first + half + i] = b * c + a * s;
      }
}

inline at::Tensor naive_attention(const ModelConfig& config, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) {
  auto mixed = at::zeros_like(q);
  const auto e = config.head_dim;
  for (std::int64_t head = 0; head < q.size(1) / e; ++head) {
    const auto kv = head / config.group();
    for (std::int64_t t = 0; t < q.size(0); ++t) {
      std::vector<double> share;
      double total = 0;
      for (std::int64_t s = 0; s <= t; ++s) {
        double score = 0;
        for (std::int64_t i = 0; i < e; ++i)
          score += q[t][head * e + i].item<double>() * k[s][kv * e + i].item<double>();
        share.push_back(std::exp(score / std::sqrt(static_cast<double>(e))));
        total += share.back();
      }
      for (std::int64_t s = 0; s <= t; ++s)
        for (std::int64_t i = 0; i < e; ++i)
          mixed[t][head * e + i] += share[static_cast<std::size_t>(s)] / total * v[s][kv * e + i].item<double>();
    }
  }
  return mixed;
}

/// `x` [tokens, hidden] float64; a layer without q and k norms.
inline NaiveLayer naive_layer(const ModelConfig& config, const Layer& layer, const at::Tensor& x) {
  const auto rope = rope_tables(config, x.size(0), at::kDouble);
  NaiveLayer n;
  n.attention = naive_norm(x, layer.input_norm, config.rms_norm_eps);
  auto q = naive_product(n.attention, layer.q);
  auto k = naive_product(n.attention, layer.k);
  naive_rotate(q, rope, config.head_dim);
  naive_rotate(k, rope, config.head_dim);
  n.o = naive_attention(config, q, k, naive_product(n.attention, layer.v));
  const auto h = x + naive_product(n.o, layer.o);
  n.mlp = naive_norm(h, layer.post_attn_norm, config.rms_norm_eps);
  const auto gate = naive_product(n.mlp, layer.gate);
  n.down = naive_product(n.mlp, layer.up);
  for (std::int64_t t = 0; t < x.size(0); ++t)
    for (std::int64_t i = 0; i < gate.size(1); ++i)
      n.down[t][i] *= gate[t][i].item<double>() / (1 + std::exp(-gate[t][i].item<double>()));
  n.output = h + naive_product(n.down, layer.down);
  return n;
}

/// What every layer multiplies for one text.
inline std::vector<NaiveLayer> naive_layers(const Model& model, const std::vector<std::int64_t>& ids) {
  auto x = model.embedding.index_select(0, at::tensor(ids)).to(at::kDouble);
  std::vector<NaiveLayer> layers;
  for (const auto& layer : model.layers) {
    layers.push_back(naive_layer(model.config, layer, x));
    x = layers.back().output;
  }
  return layers;
}

}  // namespace edgefuse::llm::testing
