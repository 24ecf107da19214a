#pragma once

namespace edgefuse::llm {

/// A gang runs on one thread: two threads inside one of its small products are slower than one, and gangs run side by
/// side. Tells LibTorch's, OpenMP's and OpenBLAS' own threading to stay away from the calling thread's products.
/// Training and scoring call it; a worker that uses ATen otherwise calls it once itself (OpenMP's setting is per
/// thread).
void use_one_thread_per_gang();

}  // namespace edgefuse::llm
