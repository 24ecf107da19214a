#include "app/bench/peak_memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace edgefuse::app {
namespace {

/// A line of /proc/self/status such as "VmHWM:   1234 kB", in bytes.
std::int64_t status(const std::string& name) {
  std::ifstream file{"/proc/self/status"};
  for (std::string word; file >> word;)
    if (std::int64_t kilobytes = 0; word == name + ":" && file >> kilobytes) return kilobytes * 1024;
  return 0;
}

}  // namespace

PeakMemory::PeakMemory() {
  ::malloc_trim(0);  // what was freed before is not to be taken for what is needed now
  std::ofstream{"/proc/self/clear_refs"} << "5";
  before_ = status("VmRSS");
}

std::int64_t PeakMemory::grown() const {
  return std::max<std::int64_t>(0, status("VmHWM") - before_);
}

}  // namespace edgefuse::app
