#include "data/partitioners/registry.hpp"

#include "data/partitioners/by_domain.hpp"
#include "data/partitioners/dirichlet.hpp"
#include "data/partitioners/iid.hpp"
#include "data/partitioners/natural.hpp"

namespace edgefuse::data {

Registry<Partitioner> partitioners() {
  return {"partitioner", {iid(), dirichlet(), by_domain(), natural()}};
}

}  // namespace edgefuse::data
