#include "server/evaluation/held_out.hpp"

#include <cmath>

#include "llm/scoring.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {

std::vector<Score> score(const llm::Model& model, const HeldOut& held_out, const llm::Adapter* adapter,
                         const data::BootstrapOptions& bootstrap) {
  EDGEFUSE_EXPECTS(held_out.sequences.size() == held_out.domains.size(), "every sequence has a domain");
  const auto losses = llm::sequence_losses(model, adapter, held_out.sequences);
  std::vector<std::string> domains;
  Items sequences;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (losses[i].labels == 0) continue;
    if (!std::isfinite(losses[i].nll)) throw RunError{"the model's loss is not finite, so it cannot be scored"};
    domains.push_back(held_out.domains[i]);
    sequences.values.push_back(losses[i].nll);
    sequences.weights.push_back(static_cast<double>(losses[i].labels));
  }
  return scores_by_domain(metric::loss, domains, sequences, bootstrap);
}

}  // namespace edgefuse::server
