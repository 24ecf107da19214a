#include "server/recovery/correction.hpp"
#include "server/recovery/masked.hpp"
#include "server/recovery/norm_a.hpp"
#include "server/recovery/recovery.hpp"
#include "server/recovery/zero_fill.hpp"

namespace edgefuse::server {

Registry<Recovery> recoveries() {
  return {"recovery", {zero_fill_recovery(), masked_recovery(), norm_a_recovery(), correction_recovery()}};
}

}  // namespace edgefuse::server
