#include "server/fusion/coverage_mean.hpp"
#include "server/fusion/fusion_rule.hpp"
#include "server/fusion/mean.hpp"
#include "server/fusion/mean_nonzero.hpp"
#include "server/fusion/stack.hpp"
#include "server/fusion/sum.hpp"
#include "server/fusion/task_arithmetic.hpp"
#include "server/fusion/ties.hpp"

namespace edgefuse::server {

Registry<FusionRule> fusion_rules() {
  return {"fusion rule",
          {mean_rule(), weighted_mean_rule(), sum_rule(), weighted_sum_rule(), coverage_mean_rule(), mean_nonzero_rule(), task_arithmetic_rule(), ties_rule(), stack_rule()}};
}

}  // namespace edgefuse::server
