#include "app/run/example_encoder.hpp"

#include "llm/encode.hpp"

namespace edgefuse::app {

std::optional<llm::Sequence> ExampleEncoder::encode(const data::Example& example) {
  const auto loss = scenario_.training.loss == scenarios::Loss::answer ? llm::LossOn::answer : llm::LossOn::full;
  auto sequence = llm::encode_example(tokenizer_, example.prompt, example.answer, loss, scenario_.data.max_tokens);
  if (sequence.label_count() > 0) return sequence;
  ++dropped_;
  return std::nullopt;
}

}  // namespace edgefuse::app
