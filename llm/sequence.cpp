#include "llm/sequence.hpp"

#include <algorithm>
#include <iterator>

#include "sim/expects.hpp"

namespace edgefuse::llm {

std::int64_t Sequence::label_count() const {
  EDGEFUSE_EXPECTS(labels.size() == ids.size(), "every position has a label or no_label");
  if (labels.empty()) return 0;
  return std::count_if(labels.begin() + 1, labels.end(), [](std::int64_t label) { return label != no_label; });
}

std::vector<Batch> accumulated(std::vector<Batch> batches, std::int64_t count) {
  EDGEFUSE_EXPECTS(count > 0, "a step has batches");
  std::vector<Batch> steps;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (i % static_cast<std::size_t>(count) == 0) steps.emplace_back();
    std::ranges::move(batches[i], std::back_inserter(steps.back()));
  }
  return steps;
}

}  // namespace edgefuse::llm
