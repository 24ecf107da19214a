#include "clients/policy/ratio_policy.hpp"

#include "clients/policy/cohort.hpp"
#include "sim/expects.hpp"

namespace edgefuse::clients {

std::vector<Choice> RatioPolicy::choose_together(const Cohort& /*cohort*/) const {
  EDGEFUSE_EXPECTS(false, "only policies that choose together are asked to");
}

}  // namespace edgefuse::clients
