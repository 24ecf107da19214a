#include "data/partitioners/by_domain.hpp"

#include <fmt/format.h>

#include "data/partitioners/shares.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {
namespace {

class ByDomain final : public Partitioner {
 public:
  [[nodiscard]] Partition partition(const PartitionRequest& request) const override {
    require_enough_examples(request);
    auto domains = indices_by_label(request.labels);
    const auto clients = static_cast<std::size_t>(request.clients);
    require_a_domain_each(clients, domains.size());

    Partition partition(clients);
    std::uint32_t number = 0;
    for (auto& [name, indices] : domains) {
      const auto holders = (clients - number + domains.size() - 1) / domains.size();
      if (indices.size() < holders)
        throw InputError{{.key = "clients",
                          .problem = fmt::format("{} clients hold the domain \"{}\", which has {} examples", holders,
                                                 name, indices.size()),
                          .remedy = "use fewer clients or more data"}};
      sim::Draws draws{{request.seed, sim::Domain::partition, 0, number}};
      draws.shuffle(indices);
      auto shares = in_equal_parts(indices, holders);
      for (std::size_t i = 0; i < holders; ++i)
        partition[number + i * domains.size()] = std::move(shares[i]);
      ++number;
    }
    sort_indices(partition);
    return partition;
  }

 private:
  static void require_a_domain_each(std::size_t clients, std::size_t domains) {
    if (clients < domains)
      throw InputError{{.key = "clients",
                        .problem = fmt::format("{} clients cannot hold {} domains with one each", clients, domains),
                        .remedy = fmt::format("use at least {} clients, or fewer domains", domains)}};
  }
};

std::unique_ptr<Partitioner> make(const Parameters&) {
  return std::make_unique<ByDomain>();
}

}  // namespace

Method<Partitioner> by_domain() {
  return {.name = "by-domain",
          .summary = "every client holds one domain, and domains are dealt out evenly",
          .parameters = {},
          .make = make};
}

}  // namespace edgefuse::data
