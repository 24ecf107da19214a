#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::testing {

/// Made-up questions: `second` of each domain `first`.
inline std::vector<data::Question> questions(const std::vector<std::pair<std::string, int>>& domains) {
  std::vector<data::Question> all;
  for (const auto& [domain, count] : domains) {
    for (int i = 0; i < count; ++i) {
      const auto id = domain + "/" + std::to_string(i);
      all.push_back({.id = id,
                     .domain = domain,
                     .text = "What is " + id + "?",
                     .choices = {"w", "x", "y", "z"},
                     .answer = i % 4});
    }
  }
  return all;
}

}  // namespace edgefuse::testing
