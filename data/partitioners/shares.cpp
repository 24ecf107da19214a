#include "data/partitioners/shares.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::data {

void require_enough_examples(const PartitionRequest& request) {
  if (request.clients < 1)
    throw InputError{
        {.key = "clients", .problem = fmt::format("{} clients", request.clients), .remedy = "use 1 or more"}};
  if (static_cast<std::size_t>(request.clients) > request.labels.size())
    throw InputError{{.key = "clients",
                      .problem = fmt::format("{} clients cannot share {} examples with at least one each",
                                             request.clients, request.labels.size()),
                      .remedy = "use fewer clients or more data"}};
}

std::map<std::string_view, std::vector<std::size_t>> indices_by_label(std::span<const std::string> labels) {
  std::map<std::string_view, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < labels.size(); ++i)
    groups[labels[i]].push_back(i);
  return groups;
}

Partition in_equal_parts(std::span<const std::size_t> items, std::size_t parts) {
  Partition runs;
  std::size_t begin = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto length = items.size() / parts + (part < items.size() % parts ? 1 : 0);
    const auto run = items.subspan(begin, length);
    runs.emplace_back(run.begin(), run.end());
    begin += length;
  }
  return runs;
}

void sort_indices(Partition& partition) {
  for (auto& indices : partition)
    std::ranges::sort(indices);
}

}  // namespace edgefuse::data
