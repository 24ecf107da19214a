#include "llm/reference.hpp"

#include <string>

#include <ATen/ATen.h>

#include "llm/reference_block.hpp"
#include "llm/rope.hpp"
#include "llm/sequence.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

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
    x = ReferenceBlock{model.config, model.layers[layer], rope, adapter, static_cast<std::int32_t>(layer)}.forward(x);
  return at::matmul(reference_norm(model.config, x, model.final_norm), model.head.t());
}

at::Tensor reference_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const std::int64_t sequence = labels.size(1);
  return at::cross_entropy_loss(logits.narrow(1, 0, sequence - 1).flatten(0, 1),
                                labels.narrow(1, 1, sequence - 1).flatten(), {}, at::Reduction::Mean, no_label);
}

}  // namespace edgefuse::llm
