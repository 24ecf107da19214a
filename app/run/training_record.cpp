#include "app/run/training_record.hpp"

#include <numeric>

namespace edgefuse::app {

TrainingRecord record_of(const clients::LocalResult& result) {
  TrainingRecord record{.client = result.client, .invitation = result.invitation, .refused = true};
  if (result.losses.empty()) return record;
  record.first_loss = result.losses.front();
  record.last_loss = result.losses.back();
  record.mean_loss =
      std::accumulate(result.losses.begin(), result.losses.end(), 0.0) / static_cast<double>(result.losses.size());
  if (!result.update) record.stopped = llm::stop_of(result.losses, result.grad_norms);
  return record;
}

}  // namespace edgefuse::app
