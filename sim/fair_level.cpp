#include "sim/fair_level.hpp"

#include <cstddef>
#include <limits>

namespace edgefuse::sim {
namespace {

constexpr double everybody_has_its_own = std::numeric_limits<double>::infinity();

}  // namespace

/// As long as a class asks for less than an even share of what is left, it gets its rate.
double fair_level(std::span<const FlowClass> classes, double capacity) {
  std::size_t flows = 0;
  for (const auto& c : classes)
    flows += c.flows();
  double left = capacity;
  auto sharing = static_cast<double>(flows);
  for (const auto& c : classes) {
    if (c.rate * sharing >= left) return left / sharing;
    left -= c.rate * static_cast<double>(c.flows());
    sharing -= static_cast<double>(c.flows());
  }
  return everybody_has_its_own;
}

double fair_level(std::span<const FlowClass> classes, double capacity, double guess) {
  double level = guess;
  for (bool first = true;; first = false) {
    double satisfied = 0;
    double sharing = 0;
    for (const auto& c : classes) {
      const auto flows = static_cast<double>(c.flows());
      (c.rate <= level ? satisfied : sharing) += c.rate <= level ? flows * c.rate : flows;
    }
    if (sharing == 0 && (!first || satisfied <= capacity)) return everybody_has_its_own;
    const double next = sharing == 0 ? 0 : (capacity - satisfied) / sharing;
    // The guess alone may be above the level; later, a step down is rounding.
    if (first ? next == level : next <= level) return level;
    level = next;
  }
}

}  // namespace edgefuse::sim
