#include "server/conflict/conflict_resolver.hpp"
#include "server/conflict/cr_core.hpp"
#include "server/conflict/cr_disjoint.hpp"
#include "server/conflict/cr_drop.hpp"
#include "server/conflict/cr_max.hpp"
#include "server/conflict/cr_module.hpp"
#include "server/conflict/cr_msu.hpp"
#include "server/conflict/cr_proj.hpp"
#include "server/conflict/cr_sign.hpp"
#include "server/conflict/cr_soft.hpp"
#include "server/conflict/none.hpp"

namespace edgefuse::server {

Registry<ConflictResolver> conflict_resolvers() {
  return {"conflict resolver",
          {no_resolution(), cr_sign(), cr_drop(), cr_max(), cr_soft(), cr_disjoint(), cr_proj(), cr_module(), cr_msu(),
           cr_core()}};
}

}  // namespace edgefuse::server
