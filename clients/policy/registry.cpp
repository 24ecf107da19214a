#include "clients/policy/fit_memory.hpp"
#include "clients/policy/ratio_policy.hpp"

namespace edgefuse::clients {

Registry<RatioPolicy> ratio_policies() {
  return {"ratio policy", {fit_memory()}};
}

}  // namespace edgefuse::clients
