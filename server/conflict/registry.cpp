#include "server/conflict/conflict_resolver.hpp"
#include "server/conflict/cr_sign.hpp"
#include "server/conflict/none.hpp"

namespace edgefuse::server {

Registry<ConflictResolver> conflict_resolvers() {
  return {"conflict resolver", {no_resolution(), cr_sign()}};
}

}  // namespace edgefuse::server
