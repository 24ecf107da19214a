#include "llm/threads.hpp"

#include <dlfcn.h>

#include <ATen/Parallel.h>

namespace edgefuse::llm {

void use_one_thread_per_gang() {
  at::set_num_threads(1);
  // OpenBLAS keeps its own pool and is linked by LibTorch, not by us: another BLAS may stand in its place.
  using SetThreads = void (*)(int);
  static const auto set_threads = reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_threads != nullptr) set_threads(1);
}

}  // namespace edgefuse::llm
