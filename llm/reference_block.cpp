#include "llm/reference_block.hpp"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

namespace edgefuse::llm {

at::Tensor reference_norm(const ModelConfig& config, const at::Tensor& x, const at::Tensor& weight) {
  return x * at::rsqrt(x.square().mean(-1, true) + config.rms_norm_eps) * weight;
}

at::Tensor ReferenceBlock::forward(const at::Tensor& x) const {
  const at::Tensor h = layer_.k.out() == 0 ? x : x + attention(reference_norm(config_, x, layer_.input_norm));
  return layer_.gate.out() == 0 ? h : h + mlp(reference_norm(config_, h, layer_.post_attn_norm));
}

at::Tensor ReferenceBlock::project(const at::Tensor& x, Projection projection) const {
  if (watch_ != nullptr) (*watch_)(projection, x);
  const Linear& linear = layer_.projection(projection);
  at::Tensor y = at::matmul(x, linear.weight.t());
  if (linear.bias.defined()) y = y + linear.bias;
  if (adapter_ == nullptr) return y;
  const auto found = adapter_->modules.find({index_, projection});
  if (found == adapter_->modules.end()) return y;
  const auto& [a, b] = found->second;
  return y + at::matmul(at::matmul(x, a.t()), b.t()) * adapter_->spec.scale();
}

/// [rows, sequence, heads * head_dim] to [rows, heads, sequence, head_dim].
at::Tensor ReferenceBlock::split_heads(const at::Tensor& x) const {
  return x.view({x.size(0), x.size(1), -1, config_.head_dim}).transpose(1, 2);
}

at::Tensor ReferenceBlock::rotate(const at::Tensor& x) const {
  const auto halves = x.chunk(2, -1);
  return at::cat({halves[0] * rope_.cos - halves[1] * rope_.sin, halves[1] * rope_.cos + halves[0] * rope_.sin}, -1);
}

at::Tensor ReferenceBlock::attention(const at::Tensor& x) const {
  at::Tensor q = split_heads(project(x, Projection::q));
  at::Tensor k = split_heads(project(x, Projection::k));
  at::Tensor v = split_heads(project(x, Projection::v));
  if (config_.qk_norm) {
    q = reference_norm(config_, q, layer_.q_norm);
    k = reference_norm(config_, k, layer_.k_norm);
  }
  q = rotate(q);
  k = rotate(k).repeat_interleave(config_.group(), 1);
  v = v.repeat_interleave(config_.group(), 1);
  const std::int64_t sequence = x.size(1);
  const at::Tensor future = at::ones({sequence, sequence}, at::TensorOptions().dtype(at::kBool)).triu(1);
  const at::Tensor scores = (at::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(config_.head_dim)))
                                .masked_fill(future, -std::numeric_limits<double>::infinity());
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), v).transpose(1, 2).flatten(2);
  return project(mixed, Projection::o);
}

at::Tensor ReferenceBlock::mlp(const at::Tensor& x) const {
  return project(at::silu(project(x, Projection::gate)) * project(x, Projection::up), Projection::down);
}

}  // namespace edgefuse::llm
