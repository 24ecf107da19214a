#include "app/run/needs.hpp"

#include "sim/quantity_text.hpp"

namespace edgefuse::app {

Need need_of(const Assembly& assembly, std::uint32_t client) {
  const auto choice = assembly.choice(client);
  const auto prospect = assembly.prospects(client)[choice.refused];
  const double takes = choice.binding == "deadline" ? prospect.time.value
                       : choice.binding == "energy" ? prospect.energy.value
                                                    : prospect.peak_memory.value;
  return {.budget = choice.binding, .least = takes};
}

std::string to_text(const Need& need) {
  if (need.budget == "deadline") return sim::to_text(Seconds{need.least});
  if (need.budget == "energy") return sim::to_text(Joules{need.least});
  return sim::to_text(Bytes{need.least});
}

}  // namespace edgefuse::app
