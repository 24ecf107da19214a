#include "clients/policy/bandit.hpp"
#include "clients/policy/fit.hpp"
#include "clients/policy/fixed.hpp"
#include "clients/policy/joint.hpp"
#include "clients/policy/ratio_policy.hpp"
#include "clients/policy/utility.hpp"

namespace edgefuse::clients {

Registry<RatioPolicy> ratio_policies() {
  return {"ratio policy",
          {fit_memory(), fit_deadline(), fit_energy(), fit_all(), fixed(), utility(), bandit(), joint()}};
}

}  // namespace edgefuse::clients
