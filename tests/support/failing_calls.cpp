#include "tests/support/failing_calls.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace edgefuse::testing {
namespace {

struct Failure {
  int reason = 0;  // 0: the call is the kernel's
  int good = 0;    // times that it still succeeds
};

std::array<Failure, 2> failures;

Failure& failure_of(KernelCall call) {
  return failures[static_cast<unsigned char>(call)];
}

/// What the call returns: the kernel's answer, or a failure that a test asked for.
int answer(KernelCall call, auto ask_kernel) {
  auto& failure = failure_of(call);
  if (failure.reason == 0 || failure.good-- > 0) return static_cast<int>(ask_kernel());
  errno = failure.reason;
  return -1;
}

}  // namespace

Failing::Failing(KernelCall call, int reason, int good) : call_{call} {
  failure_of(call) = {reason, good};
}

Failing::~Failing() {
  failure_of(call_) = {};
}

}  // namespace edgefuse::testing

using edgefuse::testing::KernelCall;

extern "C" int fsync(int file) {
  return edgefuse::testing::answer(KernelCall::fsync, [=] { return ::syscall(SYS_fsync, file); });
}

extern "C" int flock(int file, int operation) noexcept {
  return edgefuse::testing::answer(KernelCall::flock, [=] { return ::syscall(SYS_flock, file, operation); });
}
