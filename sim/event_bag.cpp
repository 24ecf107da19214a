#include "sim/event_bag.hpp"

#include <algorithm>

namespace edgefuse::sim {

void EventBag::Chunks::allocate() {
  // A small queue stays small, and a large one asks the system for memory a few times only.
  const std::size_t count = std::clamp<std::size_t>(allocated_, 8, 4096);
  Chunk* const slab = slabs_.emplace_back(new Chunk[count]).get();
  allocated_ += count;
  for (std::size_t i = count; i-- > 0;)
    give_back(slab + i);
}

}  // namespace edgefuse::sim
