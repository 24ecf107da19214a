#include "llm/sequence.hpp"

#include <algorithm>

#include "sim/expects.hpp"

namespace edgefuse::llm {

std::int64_t Sequence::label_count() const {
  EDGEFUSE_EXPECTS(labels.size() == ids.size(), "every position has a label or no_label");
  if (labels.empty()) return 0;
  return std::count_if(labels.begin() + 1, labels.end(), [](std::int64_t label) { return label != no_label; });
}

}  // namespace edgefuse::llm
