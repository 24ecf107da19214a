#include "data/partitioners/iid.hpp"

#include <numeric>

#include "data/partitioners/shares.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

class Iid final : public Partitioner {
 public:
  [[nodiscard]] Partition partition(const PartitionRequest& request) const override {
    require_enough_examples(request);
    std::vector<std::size_t> indices(request.labels.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    sim::Draws draws{{.seed = request.seed, .domain = sim::Domain::partition}};
    draws.shuffle(indices);
    auto partition = in_equal_parts(indices, static_cast<std::size_t>(request.clients));
    sort_indices(partition);
    return partition;
  }
};

std::unique_ptr<Partitioner> make(const Parameters&) {
  return std::make_unique<Iid>();
}

}  // namespace

Method<Partitioner> iid() {
  return {.name = "iid", .summary = "equal random shares", .parameters = {}, .make = make};
}

}  // namespace edgefuse::data
