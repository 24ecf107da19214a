#include "llm/pruning/calibration.hpp"

#include <algorithm>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "llm/checks.hpp"
#include "llm/reference_block.hpp"
#include "llm/threads.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
std::int64_t Calibration::longest() const {
  std::size_t most = 1;
  for (const auto& text : texts)
    most = std::max(most, text.size());
  return static_cast<std::int64_t>(most);
}

Calibration take_stretches(std::span<const std::int64_t> tokens, std::int64_t count, std::int64_t length,
                           const std::string& origin) {
  EDGEFUSE_EXPECTS(count > 0 && length > 0, "a calibration has texts");
  const auto total = static_cast<std::int64_t>(tokens.size());
  if (count > total / length)
    throw InputError{
        {.file = origin,
         .problem = fmt::format("has {} tokens, and calibration needs {} texts of {}", total, count, length),
         .remedy = total < length
                       ? fmt::format("give more text, or ask for texts of at most {}", total)
                       : fmt::format("give more text, or ask for at most {} texts of that length", total / length)}};
  Calibration calibration;
  const auto distance = total / count;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto stretch = tokens.subspan(static_cast<std::size_t>(i * distance), static_cast<std::size_t>(length));
    calibration.texts.emplace_back(stretch.begin(), stretch.end());
  }
  return calibration;
}

ActivationStream::ActivationStream(const Model& model, const Calibration& calibration)
    : config_{model.config}, rope_{rope_tables(model.config, calibration.longest(), model.embedding.scalar_type())} {
  use_one_thread_per_gang();
  const at::NoGradGuard frozen;
  for (std::size_t i = 0; i < calibration.texts.size(); ++i) {
    const auto& text = calibration.texts[i];
    check_text(config_, text, fmt::format("calibration text {}", i));
    const auto ids = at::tensor(at::ArrayRef<std::int64_t>{text}, at::kLong).unsqueeze(0);
    hidden_.push_back(at::embedding(model.embedding, ids));
  }
}

void ActivationStream::watch(const Layer& layer, const Watch& see) const {
  auto copy = *this;
  copy.advance(layer, see);
}

void ActivationStream::advance(const Layer& layer) {
  advance(layer, {});
}

void ActivationStream::advance(const Layer& layer, const Watch& see) {
  const at::NoGradGuard frozen;
  for (auto& x : hidden_) {
    LayerInputs inputs;
    const InputWatch note = [&](Projection p, const at::Tensor& input) { inputs.of(p) = input.squeeze(0); };
    const auto rope = leading(rope_, x.size(1));
    x = ReferenceBlock{config_, layer, rope, nullptr, 0, see ? &note : nullptr}.forward(x);
    if (see) see(inputs);
  }
}

}  // namespace edgefuse::llm
