#include "server/selection/by_availability.hpp"
#include "server/selection/deadline_aware.hpp"
#include "server/selection/oort.hpp"
#include "server/selection/poisson.hpp"
#include "server/selection/power_of_choice.hpp"
#include "server/selection/round_robin.hpp"
#include "server/selection/selection.hpp"
#include "server/selection/stratified.hpp"
#include "server/selection/uniform.hpp"

namespace edgefuse::server {

Registry<Selection> selections() {
  return {"client selection",
          {uniform_selection(), poisson_selection(), round_robin_selection(), stratified_selection(),
           by_availability_selection(), deadline_aware_selection(), power_of_choice_selection(), oort_selection()}};
}

}  // namespace edgefuse::server
