#include "llm/pruning/magnitude.hpp"
#include "llm/pruning/pruner.hpp"

namespace edgefuse::llm {

Registry<Pruner> pruners() {
  return {"pruner", {magnitude_pruner()}};
}

}  // namespace edgefuse::llm
