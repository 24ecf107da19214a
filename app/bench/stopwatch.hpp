#pragma once

#include <chrono>

namespace edgefuse::app {

/// Seconds that `work` takes on the wall clock.
template <class Work>
[[nodiscard]] double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace edgefuse::app
