#include "llm/pruning/lowest.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "sim/expects.hpp"

namespace edgefuse::llm {

void mark_lowest(std::span<const double> scores, std::int64_t count, std::span<bool> marked) {
  EDGEFUSE_EXPECTS(scores.size() == marked.size() && count <= std::ssize(scores), "every score may be marked");
  count -= std::ranges::count(marked, true);
  if (count <= 0) return;
  std::vector<double> open;
  open.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!marked[i]) open.push_back(scores[i]);
  const auto last = open.begin() + (count - 1);
  std::ranges::nth_element(open, last);
  const double threshold = *last;
  auto at_threshold = count - std::ranges::count_if(open, [&](double score) { return score < threshold; });
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (marked[i] || scores[i] > threshold) continue;
    if (scores[i] == threshold && at_threshold-- <= 0) continue;
    marked[i] = true;
  }
}

void mark_lowest_of_each(const at::Tensor& scores, std::int64_t run, std::int64_t count, at::Tensor& marked) {
  EDGEFUSE_EXPECTS(scores.is_contiguous() && marked.is_contiguous(), "neighbours lie beside each other");
  EDGEFUSE_EXPECTS(run > 0 && scores.numel() % run == 0, "a matrix is whole runs");
  const std::span<const double> all{scores.data_ptr<double>(), static_cast<std::size_t>(scores.numel())};
  const std::span<bool> marks{marked.data_ptr<bool>(), static_cast<std::size_t>(marked.numel())};
  EDGEFUSE_EXPECTS(std::ranges::all_of(all, [](double x) { return std::isfinite(x); }), "scores are finite");
  const auto length = static_cast<std::size_t>(run);
  for (std::size_t begin = 0; begin < all.size(); begin += length)
    mark_lowest(all.subspan(begin, length), count, marks.subspan(begin, length));
}

}  // namespace edgefuse::llm
