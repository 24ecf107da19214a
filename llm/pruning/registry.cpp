#include "llm/pruning/block_influence.hpp"
#include "llm/pruning/flap.hpp"
#include "llm/pruning/magnitude.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/pruning/random.hpp"
#include "llm/pruning/sparse_magnitude.hpp"
#include "llm/pruning/sparse_random.hpp"
#include "llm/pruning/sparsegpt.hpp"
#include "llm/pruning/taylor.hpp"
#include "llm/pruning/wanda.hpp"
#include "llm/pruning/wanda_sp.hpp"

namespace edgefuse::llm {

Registry<Pruner> pruners() {
  return {
      "pruner",
      {magnitude_pruner(), random_pruner(), wanda_sp_pruner(), flap_pruner(), taylor_pruner(), block_influence_pruner(),
       sparse_random_pruner(), sparse_magnitude_pruner(), wanda_pruner(), sparsegpt_pruner()}};
}

}  // namespace edgefuse::llm
