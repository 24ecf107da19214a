#include "llm/pruning/flap.hpp"
#include "llm/pruning/magnitude.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/pruning/random.hpp"
#include "llm/pruning/taylor.hpp"
#include "llm/pruning/wanda_sp.hpp"

namespace edgefuse::llm {

Registry<Pruner> pruners() {
  return {"pruner", {magnitude_pruner(), random_pruner(), wanda_sp_pruner(), flap_pruner(), taylor_pruner()}};
}

}  // namespace edgefuse::llm
