#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "data/partitioners/partitioner.hpp"

namespace edgefuse::data {

/// Throws InputError unless there are clients, and at least one example for each.
void require_enough_examples(const PartitionRequest& request);

/// The examples of each label, ascending; labels in alphabetical order.
[[nodiscard]] std::map<std::string_view, std::vector<std::size_t>> indices_by_label(
    std::span<const std::string> labels);

/// `items` in `parts` runs of lengths that differ by one at most, the longer ones first.
[[nodiscard]] Partition in_equal_parts(std::span<const std::size_t> items, std::size_t parts);

/// Every client's indices ascending.
void sort_indices(Partition& partition);

}  // namespace edgefuse::data
