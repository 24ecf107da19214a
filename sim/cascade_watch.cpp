#include "sim/cascade_watch.hpp"

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::sim {

void CascadeWatch::fail(const Event& event, std::string_view kind) const {
  throw RunError{fmt::format(
      "virtual time stands still at {} s: more than {} events were handled there, and those of actor {} go on, the "
      "last of kind {}",
      event.time.since_start().value, most_at_one_instant_, event.actor, kind)};
}

}  // namespace edgefuse::sim
