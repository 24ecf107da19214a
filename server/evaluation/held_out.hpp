#pragma once

#include <string>
#include <vector>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/sequence.hpp"
#include "server/evaluation/score.hpp"

namespace edgefuse::server {

/// Texts that nobody trains on, encoded as the training texts are.
struct HeldOut {
  std::vector<llm::Sequence> sequences;
  std::vector<std::string> domains;  // one for each sequence
};

/// `loss`: negative log-likelihood in nats, the mean over all labelled tokens, over all sequences and by domain. The
/// bootstrap draws sequences. Sequences without a label count for nothing. `adapter` may be null.
/// Throws RunError when the model's output is not finite.
[[nodiscard]] std::vector<Score> score(const llm::Model& model, const HeldOut& held_out,
                                       const llm::Adapter* adapter = nullptr,
                                       const data::BootstrapOptions& bootstrap = {});

}  // namespace edgefuse::server
