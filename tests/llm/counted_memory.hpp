#pragma once

#include <cstdint>

namespace edgefuse::testing {

/// Counts the bytes that are allocated while it lives: all that C++ allocates (operator new), and the tensors LibTorch
/// keeps in the host's memory. What a library takes from malloc itself, such as oneDNN's packed panels, is not seen.
/// One lives at a time.
class MemoryCount {
 public:
  MemoryCount();
  ~MemoryCount();
  MemoryCount(const MemoryCount&) = delete;
  MemoryCount& operator=(const MemoryCount&) = delete;

  /// Bytes allocated since the count began, less those freed.
  [[nodiscard]] std::int64_t live() const;
  /// The most `live` ever was.
  [[nodiscard]] std::int64_t peak() const;

 private:
  std::int64_t before_;
};

}  // namespace edgefuse::testing
