#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::data {

/// The domain of each item, in order: what a partitioner takes.
[[nodiscard]] std::vector<std::string> labels_of(std::span<const Example> examples);
[[nodiscard]] std::vector<std::string> labels_of(std::span<const Question> questions);

/// The distinct labels in the order of their first appearance.
[[nodiscard]] std::vector<std::string> distinct(std::span<const std::string> labels);

/// Only the examples of the `count` domains with the most examples (ties: the earlier domain), in their order.
/// Throws InputError when there are fewer domains.
[[nodiscard]] std::vector<Example> keep_largest_domains(std::vector<Example> examples, std::int64_t count);

}  // namespace edgefuse::data
