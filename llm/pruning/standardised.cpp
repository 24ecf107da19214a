#include "llm/pruning/standardised.hpp"

#include <cmath>
#include <numeric>

namespace edgefuse::llm {

std::vector<double> standardised(std::vector<double> scores, Deviation deviation) {
  const auto n = static_cast<double>(scores.size());
  const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / n;
  double squares = 0;
  for (const double x : scores)
    squares += (x - mean) * (x - mean);
  const double width = std::sqrt(squares / (deviation == Deviation::sample ? n - 1 : n));
  for (double& x : scores)
    x = width > 0 ? (x - mean) / width : 0;
  return scores;
}

}  // namespace edgefuse::llm
