#include "llm/reference.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include <ATen/ATen.h>

#include "llm/rope.hpp"
#include "llm/sequence.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// One block's view of the model: its weights, its share of the adapter, and what all blocks have in common.
class Block {
 public:
  Block(const Model& model, const Adapter* adapter, std::size_t layer, const RopeTables& rope)
      : config_{model.config}, layer_{model.layers[layer]}, adapter_{adapter}, index_{layer}, rope_{rope} {}

  [[nodiscard]] at::Tensor forward(const at::Tensor& x) const {
    const at::Tensor h = x + attention(norm(x, layer_.input_norm));
    return h + mlp(norm(h, layer_.post_attn_norm));
  }

  [[nodiscard]] at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const {
    return x * at::rsqrt(x.square().mean(-1, true) + config_.rms_norm_eps) * weight;
  }

 private:
  [[nodiscard]] at::Tensor project(const at::Tensor& x, Projection projection) const {
    const Linear& linear = layer_.projection(projection);
    at::Tensor y = at::matmul(x, linear.weight.t());
    if (linear.bias.defined()) y = y + linear.bias;
    if (adapter_ == nullptr) return y;
    const auto found = adapter_->modules.find({static_cast<std::int32_t>(index_), projection});
    if (found == adapter_->modules.end()) return y;
    const auto& [a, b] = found->second;
    return y + at::matmul(at::matmul(x, a.t()), b.t()) * adapter_->spec.scale();
  }

  /// [rows, sequence, heads * head_dim] to [rows, heads, sequence, head_dim].
  [[nodiscard]] at::Tensor split_heads(const at::Tensor& x) const {
    return x.view({x.size(0), x.size(1), -1, config_.head_dim}).transpose(1, 2);
  }

  [[nodiscard]] at::Tensor rotate(const at::Tensor& x) const {
    const auto halves = x.chunk(2, -1);
    return at::cat({halves[0] * rope_.cos - halves[1] * rope_.sin, halves[1] * rope_.cos + halves[0] * rope_.sin}, -1);
  }

  [[nodiscard]] at::Tensor attention(const at::Tensor& x) const {
    at::Tensor q = split_heads(project(x, Projection::q));
    at::Tensor k = split_heads(project(x, Projection::k));
    at::Tensor v = split_heads(project(x, Projection::v));
    if (config_.qk_norm) {
      q = norm(q, layer_.q_norm);
      k = norm(k, layer_.k_norm);
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

  [[nodiscard]] at::Tensor mlp(const at::Tensor& x) const {
    return project(at::silu(project(x, Projection::gate)) * project(x, Projection::up), Projection::down);
  }

  const ModelConfig& config_;
  const Layer& layer_;
  const Adapter* adapter_;
  std::size_t index_;
  const RopeTables& rope_;
};

void check_ids(const ModelConfig& config, const at::Tensor& ids) {
  EDGEFUSE_EXPECTS(ids.dim() == 2 && ids.scalar_type() == at::kLong, "ids are int64 [rows, sequence]");
  EDGEFUSE_EXPECTS(ids.numel() > 0, "there are ids");
  check_length(config, ids.size(1));
  const at::Tensor outside = ids.masked_select(at::logical_or(ids < 0, ids >= config.vocabulary));
  if (outside.numel() > 0)
    throw InputError{{.problem = "token id " + std::to_string(outside[0].item<std::int64_t>()) +
                                 " is outside the model's vocabulary of " + std::to_string(config.vocabulary),
                      .remedy = "use the model's own tokenizer"}};
}

}  // namespace

at::Tensor reference_logits(const Model& model, const Adapter* adapter, const at::Tensor& ids) {
  check_ids(model.config, ids);
  EDGEFUSE_EXPECTS(!model.layers.empty(), "a model has layers");
  const RopeTables rope = rope_tables(model.config, ids.size(1), model.embedding.scalar_type());
  at::Tensor x = at::embedding(model.embedding, ids);
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer)
    x = Block{model, adapter, layer, rope}.forward(x);
  x = Block{model, adapter, 0, rope}.norm(x, model.final_norm);
  return at::matmul(x, model.head.t());
}

at::Tensor reference_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const std::int64_t sequence = labels.size(1);
  return at::cross_entropy_loss(logits.narrow(1, 0, sequence - 1).flatten(0, 1),
                                labels.narrow(1, 1, sequence - 1).flatten(), {}, at::Reduction::Mean, no_label);
}

}  // namespace edgefuse::llm
