#include "llm/engine/tensor_model.hpp"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "llm/engine/tensor_product.hpp"
#include "llm/rope.hpp"

namespace edgefuse::llm::engine {
namespace {

/// Dropout's factors for every number of an adapter's input, made on the host as the CPU engine makes them.
template <class T>
at::Tensor mask(const Dropout& dropout, const Packed& packed, ModuleId module, std::int64_t width) {
  const at::Tensor ones =
      at::ones({packed.size(), width}, at::TensorOptions().dtype(c10::CppTypeToScalarType<T>::value));
  for (const auto& [member, span] : packed.members) {
    const MatrixView<T> rows{ones.data_ptr<T>() + span.begin * width, span.size(), width, width};
    dropout.apply(member, dropout_module(module), packed.numbers_of(span), rows, rows);
  }
  return ones;
}

at::Tensor dropped(const at::Tensor& x, const Dropout& dropout, const Packed& packed, ModuleId module) {
  if (!dropout.on()) return x;
  const bool wide = x.scalar_type() == at::kDouble;
  const at::Tensor factors =
      wide ? mask<double>(dropout, packed, module, x.size(1)) : mask<float>(dropout, packed, module, x.size(1));
  return x * factors.to(x.device());
}

}  // namespace

/// One layer on one pass; `queries` are all tokens or, in the last layer, those that ask.
class TensorModel::Block {
 public:
  Block(const TensorModel& model, std::size_t index, const TensorPass& pass, const TensorPacked& queries,
        const TensorAdapters* adapters)
      : model_{model},
        config_{model.model_.config},
        layer_{model.model_.layers[index]},
        index_{static_cast<std::int32_t>(index)},
        pass_{pass},
        queries_{queries},
        adapters_{adapters} {}

  [[nodiscard]] at::Tensor forward(const at::Tensor& x) const {
    const bool all = &queries_ == &pass_.tokens;
    const at::Tensor x1 = model_.norm(x, layer_.input_norm);
    const at::Tensor asked = all ? x1 : x1.index_select(0, pass_.query_tokens);
    const at::Tensor mixed = attend(turned(project(asked, Projection::q, queries_), layer_.q_norm, queries_),
                                    turned(project(x1, Projection::k, pass_.tokens), layer_.k_norm, pass_.tokens),
                                    project(x1, Projection::v, pass_.tokens));
    const at::Tensor middle =
        (all ? x : x.index_select(0, pass_.query_tokens)) + project(mixed, Projection::o, queries_);
    const at::Tensor x2 = model_.norm(middle, layer_.post_attn_norm);
    const at::Tensor act = at::silu(project(x2, Projection::gate, queries_)) * project(x2, Projection::up, queries_);
    return middle + project(act, Projection::down, queries_);
  }

 private:
  /// x·W' + b + s·(x·A')·B' for every token's own member.
  [[nodiscard]] at::Tensor project(const at::Tensor& x, Projection projection, const TensorPacked& packed) const {
    const Linear& linear = layer_.projection(projection);
    const ModuleId module{index_, projection};
    at::Tensor y = frozen_product(x, linear.weight, linear.held, model_.precision_);
    if (linear.bias.defined()) y = y + linear.bias;
    const StackedFactors* factors = adapters_ == nullptr ? nullptr : adapters_->factors.find(module);
    if (factors == nullptr) return y;
    const auto here = [&](const at::Tensor& stack) { return stack.index_select(0, packed.member_index); };
    const at::Tensor input = packed.members.pad(dropped(x, adapters_->dropout, packed.host, module));
    const at::Tensor hidden = at::bmm(input, here(factors->a).transpose(1, 2)) * here(adapters_->factors.scales());
    return y + packed.members.unpad(at::bmm(hidden, here(factors->b_transposed)));
  }

  /// Heads [packed, heads, head_dim], normalised where the model does that, turned by their positions' angles.
  [[nodiscard]] at::Tensor turned(const at::Tensor& x, const at::Tensor& weight, const TensorPacked& packed) const {
    at::Tensor heads = x.view({x.size(0), -1, config_.head_dim});
    if (config_.qk_norm) heads = model_.norm(heads, weight);
    const at::Tensor cos = model_.cos_.index_select(0, packed.positions).unsqueeze(1);
    const at::Tensor sin = model_.sin_.index_select(0, packed.positions).unsqueeze(1);
    const auto halves = heads.chunk(2, -1);
    return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1).flatten(1);
  }

  /// [packed, heads·head_dim] to [texts, heads, longest, head_dim].
  [[nodiscard]] at::Tensor by_text(const at::Tensor& x, const TensorPacked& packed) const {
    const at::Tensor rows = packed.rows.pad(x);
    return rows.view({rows.size(0), rows.size(1), -1, config_.head_dim}).transpose(1, 2);
  }

  [[nodiscard]] at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
    const Precision precision = model_.precision_;
    const at::Tensor queries = operand(by_text(q, queries_), precision);
    const at::Tensor keys = operand(by_text(k, pass_.tokens), precision);
    const std::int64_t group = queries.size(1) / keys.size(1);
    const auto for_each_query_head = [&](const at::Tensor& x) { return x.repeat_interleave(group, 1); };
    // Keys lie in order of position, so those behind a text's end are in every query's future.
    const at::Tensor positions = queries_.rows.pad(queries_.positions.unsqueeze(1));
    const at::Tensor future = at::arange(keys.size(2), positions.options()) > positions;
    const at::Tensor scores = at::matmul(queries, for_each_query_head(keys).transpose(-1, -2)).to(q.scalar_type()) /
                              std::sqrt(static_cast<double>(config_.head_dim));
    const at::Tensor shares =
        at::softmax(scores.masked_fill(future.unsqueeze(1), -std::numeric_limits<double>::infinity()), -1);
    const at::Tensor values = for_each_query_head(operand(by_text(v, pass_.tokens), precision));
    const at::Tensor mixed = at::matmul(operand(shares, precision), values).to(q.scalar_type());
    return queries_.rows.unpad(mixed.transpose(1, 2).flatten(2));
  }

  const TensorModel& model_;
  const ModelConfig& config_;
  const Layer& layer_;
  std::int32_t index_;
  const TensorPass& pass_;
  const TensorPacked& queries_;
  const TensorAdapters* adapters_;
};

TensorModel::TensorModel(const Model& model, Precision precision, std::int64_t longest)
    : model_{model}, precision_{precision} {
  const RopeTables tables = rope_tables(model.config, longest, model.embedding.scalar_type());
  cos_ = tables.cos.to(device());
  sin_ = tables.sin.to(device());
}

at::Tensor TensorModel::norm(const at::Tensor& x, const at::Tensor& weight) const {
  const at::Tensor squares = x.square().mean(-1, true);
  const at::Tensor inverse = at::rsqrt(squares + model_.config.rms_norm_eps);
  return x * inverse.masked_fill(squares.isinf(), std::numeric_limits<double>::quiet_NaN()) * weight;  // as kernels.cpp
}

at::Tensor TensorModel::forward(const TensorPass& pass, const TensorAdapters* adapters) const {
  at::Tensor x = at::embedding(model_.embedding, pass.ids);
  const std::size_t last = model_.last_layer();
  for (std::size_t layer = 0; layer <= last; ++layer) {
    if (model_.layers[layer].dropped()) continue;
    const bool asks_less = layer == last && !pass.every_token_asks;
    x = Block{*this, layer, pass, asks_less ? pass.queries : pass.tokens, adapters}.forward(x);
  }
  return norm(x, model_.final_norm);
}

at::Tensor TensorModel::logits(const at::Tensor& x) const {
  return frozen_product(x, model_.head, model_.held_head, precision_);
}

}  // namespace edgefuse::llm::engine
