#include "llm/engine/engine.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "llm/rope.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm::engine {

template <class T>
Engine<T>::Engine(const Model& model, Precision precision, std::int64_t longest, bool recompute)
    : embedding_{model.embedding}, recompute_{recompute} {
  EDGEFUSE_EXPECTS(embedding_.scalar_type() == c10::CppTypeToScalarType<T>::value, "an engine of the model's type");
  const RopeTables tables = rope_tables(model.config, longest, embedding_.scalar_type());
  cos_ = tables.cos;
  sin_ = tables.sin;
  blocks_.reserve(model.layers.size());
  for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
    if (model.layers[layer].dropped()) continue;
    blocks_.emplace_back(model, layer, precision);
    layers_.push_back(layer);
  }
  EDGEFUSE_EXPECTS(!blocks_.empty(), "a model has layers");
  states_.resize(recompute ? 1 : blocks_.size());
  inputs_.resize(blocks_.size() + 1);
}

template <class T>
PassView<T> Engine<T>::view(const Pass& pass, std::size_t block) const {
  // Only the last block's output is read at the queries alone; all others feed keys and values.
  const bool asks_less = block + 1 == blocks_.size() && !pass.every_token_asks();
  return {pass.tokens, asks_less ? pass.queries : pass.tokens,
          asks_less ? std::span<const std::int64_t>{pass.query_tokens} : std::span<const std::int64_t>{},
          view_of<T>(cos_), view_of<T>(sin_)};
}

template <class T>
std::size_t Engine<T>::lowest_adapted(const GangFactors<T>& factors) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(layers_, factors.lowest_layer()) - layers_.begin());
}

template <class T>
void Engine<T>::embed(const Pass& pass, MatrixView<T> x) const {
  const auto table = view_of<T>(embedding_);
  for (std::int64_t i = 0; i < x.rows; ++i)
    std::copy_n(table.row(pass.ids[static_cast<std::size_t>(i)]), x.cols, x.row(i));
}

template <class T>
MatrixView<T> Engine<T>::forward(const Pass& pass, const GangFactors<T>& factors) {
  EDGEFUSE_EXPECTS(pass.tokens.size() > 0, "a pass has tokens");
  const std::int64_t hidden = embedding_.size(1);
  // Blocks below every adapter leave nothing for a backward: they share the memory of the lowest that does.
  const std::size_t lowest = std::min(lowest_adapted(factors), blocks_.size() - 1);
  embed(pass, inputs_[lowest].reshape(pass.tokens.size(), hidden));
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    const PassView<T> part = view(pass, block);
    const std::size_t kept = std::max(block, lowest);
    const auto out = inputs_[kept + 1].reshape(part.queries.size(), hidden);
    blocks_[block].forward(part, factors, inputs_[kept].view(), out, state(kept), scratch_);
    if (block < lowest) std::swap(inputs_[lowest], inputs_[lowest + 1]);
  }
  return inputs_.back().view();
}

template <class T>
void Engine<T>::backward(const Pass& pass, GangFactors<T>& factors, MatrixView<T> d_out) {
  const std::size_t lowest = lowest_adapted(factors);
  MatrixView<T> d = d_out;
  for (std::size_t block = blocks_.size(); block-- > lowest;) {
    const auto x = inputs_[block].view();
    const auto dx = d_input_.reshape(x.rows, x.cols);
    const PassView<T> part = view(pass, block);
    // The output of the second forward is not read: it may lie where dx will.
    if (recompute_ && block + 1 < blocks_.size()) blocks_[block].forward(part, factors, x, dx, state(block), scratch_);
    blocks_[block].backward(part, factors, x, d, block > lowest ? &dx : nullptr, state(block), gradients_, scratch_);
    std::swap(d_input_, d_output_);
    d = dx;
  }
}

template class Engine<float>;
template class Engine<double>;

}  // namespace edgefuse::llm::engine
