#include "server/protocol/protocol.hpp"

#include "server/protocol/buffered.hpp"
#include "server/protocol/deadline.hpp"
#include "server/protocol/synchronous.hpp"

namespace edgefuse::server {

Registry<Protocol> protocols() {
  return {"protocol", {synchronous(), deadline(), buffered(), asynchronous(), hierarchical()}};
}

}  // namespace edgefuse::server
