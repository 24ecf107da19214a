#include "data/partitioners/natural.hpp"

#include <map>

#include <fmt/format.h>

#include "data/partitioners/shares.hpp"
#include "sim/error.hpp"

namespace edgefuse::data {
namespace {

class Natural final : public Partitioner {
 public:
  [[nodiscard]] Partition partition(const PartitionRequest& request) const override {
    require_enough_examples(request);
    Partition partition;
    std::map<std::string_view, std::size_t> client_of;
    for (std::size_t i = 0; i < request.labels.size(); ++i) {
      const auto [found, is_new] = client_of.try_emplace(request.labels[i], partition.size());
      if (is_new) partition.emplace_back();
      partition[found->second].push_back(i);
    }
    if (partition.size() != static_cast<std::size_t>(request.clients))
      throw InputError{
          {.key = "clients",
           .problem = fmt::format("{} clients, but the data has {} natural sources", request.clients, partition.size()),
           .remedy = fmt::format("use {} clients", partition.size())}};
    return partition;
  }
};

std::unique_ptr<Partitioner> make(const Parameters&) {
  return std::make_unique<Natural>();
}

}  // namespace

Method<Partitioner> natural() {
  return {.name = "natural",
          .summary = "one client for each source of the data, such as a file or a speaker",
          .parameters = {},
          .make = make};
}

}  // namespace edgefuse::data
