#include "server/selection/history.hpp"

#include <cmath>

#include "sim/expects.hpp"

namespace edgefuse::server {

void History::started(std::uint32_t client, std::int64_t invitation) {
  auto& record = clients_[client];
  EDGEFUSE_EXPECTS(invitation >= 1 && invitation >= record.last_start, "invitations are numbered from 1 and rise");
  ++record.started;
  record.last_start = invitation;
  ++starts_;
}

void History::returned(std::uint32_t client, Seconds took, std::int64_t examples, std::optional<double> loss) {
  const auto it = clients_.find(client);
  EDGEFUSE_EXPECTS(it != clients_.end() && it->second.returned < it->second.started,
                   "an update comes back from a participation that was begun");
  auto& record = it->second;
  ++record.returned;
  record.took = took;
  record.examples = examples;
  record.loss = loss && std::isfinite(*loss) ? loss : std::nullopt;
}

const ClientRecord* History::find(std::uint32_t client) const {
  const auto it = clients_.find(client);
  return it == clients_.end() ? nullptr : &it->second;
}

}  // namespace edgefuse::server
