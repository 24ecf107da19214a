#pragma once

namespace edgefuse::testing {

/// Calls of the kernel that a test can make fail; test programs that use this have their own fsync and flock.
enum class KernelCall : unsigned char { fsync, flock };

/// As long as it lives, the call fails with `reason` (an errno), but for its first `good` times.
class Failing {
 public:
  Failing(KernelCall call, int reason, int good = 0);
  ~Failing();
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;

 private:
  KernelCall call_;
};

}  // namespace edgefuse::testing
