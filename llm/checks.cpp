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

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace edgefuse::llm
