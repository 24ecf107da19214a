#pragma once

#include <vector>

#include "clients/policy/ratio_policy.hpp"
#include "sim/link.hpp"
#include "sim/units.hpp"

namespace edgefuse::clients {

/// One of those that the server invites at one instant.
struct Invited {
  Chooser client;
  std::vector<Prospect> prospects;  // not empty
  sim::Link link{};                 // its way to the server, were it alone on it
};

/// All of them, by client id, and what they share.
struct Cohort {
  std::vector<Invited> invited;
  sim::RateCaps server{};    // what its link can carry for all of them together
  Bytes message_overhead{};  // comes with each of a prospect's messages
};

}  // namespace edgefuse::clients
