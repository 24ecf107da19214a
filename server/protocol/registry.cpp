#include "server/protocol/protocol.hpp"
#include "server/protocol/synchronous.hpp"

namespace edgefuse::server {
namespace {

std::unique_ptr<Protocol> make_synchronous(const Parameters& parameters) {
  return std::make_unique<Synchronous>(static_cast<std::int64_t>(number(parameters, "rounds")),
                                       static_cast<std::int64_t>(number(parameters, "clients_per_round")));
}

}  // namespace

Registry<Protocol> protocols() {
  return {"protocol",
          {{"synchronous",
            "rounds: invite a cohort, wait for all of it, fuse (FedAvg, 1602.05629)",
            {{.name = "rounds", .standard = 1.0, .meaning = "rounds until the run ends", .least = 1, .whole = true},
             {.name = "clients_per_round", .standard = 1.0, .meaning = "clients invited", .least = 1, .whole = true}},
            make_synchronous}}};
}

}  // namespace edgefuse::server
