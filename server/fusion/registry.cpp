#include <iterator>
#include <utility>
#include <vector>

#include "server/fusion/breadcrumbs.hpp"
#include "server/fusion/cabs.hpp"
#include "server/fusion/consensus.hpp"
#include "server/fusion/coordinatewise.hpp"
#include "server/fusion/coverage_mean.hpp"
#include "server/fusion/dare.hpp"
#include "server/fusion/della.hpp"
#include "server/fusion/fedit.hpp"
#include "server/fusion/fisher.hpp"
#include "server/fusion/flexlora.hpp"
#include "server/fusion/fusion_rule.hpp"
#include "server/fusion/hetlora.hpp"
#include "server/fusion/iso_c.hpp"
#include "server/fusion/karcher.hpp"
#include "server/fusion/krum.hpp"
#include "server/fusion/lego.hpp"
#include "server/fusion/lora_fair.hpp"
#include "server/fusion/lorahub.hpp"
#include "server/fusion/mean.hpp"
#include "server/fusion/mean_nonzero.hpp"
#include "server/fusion/model_stock.hpp"
#include "server/fusion/norm_clip.hpp"
#include "server/fusion/pcb.hpp"
#include "server/fusion/peft_factors.hpp"
#include "server/fusion/regmean.hpp"
#include "server/fusion/sce.hpp"
#include "server/fusion/slerp.hpp"
#include "server/fusion/space.hpp"
#include "server/fusion/stack.hpp"
#include "server/fusion/sum.hpp"
#include "server/fusion/task_arithmetic.hpp"
#include "server/fusion/ties.hpp"
#include "server/fusion/tsv.hpp"

namespace edgefuse::server {
namespace {

using Methods = std::vector<Method<FusionRule>>;

/// Rules that go entry by entry: also offered inside other spaces.
Methods entry_wise() {
  return {mean_nonzero_rule(), task_arithmetic_rule(), ties_rule(),        ties_weighted_rule(), dare_linear_rule(),
          dare_ties_rule(),    della_rule(),           breadcrumbs_rule(), consensus_rule(),     pcb_rule(),
          sce_rule(),          median_rule(),          trimmed_mean_rule()};
}

Methods of_whole_changes() {
  return {weighted_mean_rule(), mean_rule(),          sum_rule(),
          weighted_sum_rule(),  coverage_mean_rule(), stack_rule(),
          fedit_rule(),         fedex_rule(),         fedex_residual_rule(),
          hetlora_rule(),       lora_fair_rule(),     lorahub_rule(),
          regmean_rule(),       fisher_rule(),        flexlora_rule(),
          tsv_rule(),           iso_c_core_rule(),    lego_rule(),
          peft_linear_rule(),   peft_ties_rule(),     peft_magnitude_prune_rule()};
}

/// Rules that give each whole change a factor, by its norm and its angles to the others.
Methods of_norms_and_angles() {
  return {model_stock_rule(), slerp_rule(), karcher_rule(), krum_rule(), norm_clip_rule()};
}

}  // namespace

Registry<FusionRule> fusion_rules() {
  auto all = of_whole_changes();
  for (const auto& method : entry_wise()) {
    all.push_back(method);
    all.push_back(in_space("core", in_core_space, method));
    all.push_back(knots(method));
  }
  for (const auto& method : of_norms_and_angles())
    all.push_back(method);
  all.push_back(cabs_rule());  // chooses by place in a row: it means nothing in another space
  return {"fusion rule", std::move(all)};
}

}  // namespace edgefuse::server
