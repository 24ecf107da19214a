#include "server/optimiser/server_optimiser.hpp"

namespace edgefuse::server {

Registry<ServerOptimiser> server_optimisers() {
  return {"server optimiser", {no_optimiser(), fedavgm(), fedadam(), fedyogi(), fedadagrad()}};
}

}  // namespace edgefuse::server
