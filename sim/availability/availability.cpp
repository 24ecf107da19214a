#include "sim/availability/availability.hpp"

#include "sim/availability/always.hpp"
#include "sim/availability/diurnal.hpp"
#include "sim/availability/markov.hpp"
#include "sim/availability/trace.hpp"

namespace edgefuse::sim {

Registry<Availability> availabilities() {
  return {"model of availability",
          {always_available(), diurnal_availability(), markov_availability(), trace_availability()}};
}

}  // namespace edgefuse::sim
