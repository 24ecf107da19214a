#include "llm/checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "llm/rope.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm {

void check_ids(const ModelConfig& config, std::span<const std::int64_t> ids, const std::string& what) {
  for (const std::int64_t id : ids)
    if (id < 0 || id >= config.vocabulary)
      throw InputError{{.key = what,
                        .problem = "token id " + std::to_string(id) + " is outside the model's vocabulary of " +
                                   std::to_string(config.vocabulary),
                        .remedy = "use the model's own tokenizer"}};
}

void check_text(const ModelConfig& config, std::span<const std::int64_t> ids, const std::string& what) {
  check_length(config, static_cast<std::int64_t>(ids.size()), what);
  check_ids(config, ids, what);
}

void check_step(const Model& model, const Batch& batch, const std::string& what) {
  std::int64_t labels = 0;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const std::string where = what + ", row " + std::to_string(row);
    check_text(model.config, batch[row].ids, where);
    for (const std::int64_t label : batch[row].labels)
      if (label != no_label) check_ids(model.config, {&label, 1}, where + ", labels");
    labels += batch[row].label_count();
  }
  if (labels == 0)
    throw InputError{{.key = what,
                      .problem = "no position after the first has a label, so there is no loss to learn from",
                      .remedy = "leave the step out, or use longer sequences so that answers are not cut off"}};
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace edgefuse::llm
