#include "server/selection/selection.hpp"
#include "server/selection/uniform.hpp"

namespace edgefuse::server {

Registry<Selection> selections() {
  return {"client selection", {uniform_selection()}};
}

}  // namespace edgefuse::server
