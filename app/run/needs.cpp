#include "app/run/needs.hpp"

#include <algorithm>
#include <limits>

#include "sim/quantity_text.hpp"

namespace edgefuse::app {

Need need_of(const Assembly& assembly, std::uint32_t client) {
  Need need{.budget = assembly.choice(client).binding, .least = std::numeric_limits<double>::infinity()};
  for (const auto& prospect : assembly.prospects(client)) {
    const double takes = need.budget == "deadline" ? prospect.time.value
                         : need.budget == "energy" ? prospect.energy.value
                                                   : prospect.peak_memory.value;
    need.least = std::min(need.least, takes);
  }
  return need;
}

std::string to_text(const Need& need) {
  if (need.budget == "deadline") return sim::to_text(Seconds{need.least});
  if (need.budget == "energy") return sim::to_text(Joules{need.least});
  return sim::to_text(Bytes{need.least});
}

}  // namespace edgefuse::app
