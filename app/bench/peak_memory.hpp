#pragma once

#include <cstdint>

namespace edgefuse::app {

/// How far resident memory rises above where it was when this was made. Linux' own high-water mark, set back by
/// /proc/self/clear_refs; where that cannot be written, what the process has had at most so far counts.
class PeakMemory {
 public:
  PeakMemory();
  [[nodiscard]] std::int64_t grown() const;

 private:
  std::int64_t before_ = 0;
};

}  // namespace edgefuse::app
