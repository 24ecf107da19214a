#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgefuse::data {

/// For each client the indices of its examples, ascending.
using Partition = std::vector<std::vector<std::size_t>>;

/// What is to be divided: one label for each example, and among how many clients.
struct PartitionRequest {
  std::span<const std::string> labels;
  std::int64_t clients = 0;
  std::uint64_t seed = 0;  // in Domain::partition
};

/// Divides a dataset among clients. Every example goes to exactly one client and every client gets at least one; where
/// that cannot be, InputError says why.
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  [[nodiscard]] virtual Partition partition(const PartitionRequest& request) const = 0;
};

}  // namespace edgefuse::data
