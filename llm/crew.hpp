#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace edgefuse::llm {

/// The processes that do one run together, each with worker threads. All of them go through the same run; only the
/// expensive tasks are divided, and every process gets every task's result. One process alone is a crew too.
struct Crew {
  int rank = 0;
  int size = 1;
  unsigned workers = 1;          // threads in this process
  at::Device device = at::kCPU;  // where this process keeps the models it trains on and judges
  /// Gives every process's bytes to every process, in order of rank; all must call it. Unused when size is 1.
  std::function<std::vector<std::string>(const std::string&)> gather{};
};

/// What a task came to: its result as bytes, or what went wrong, as text.
struct TaskResult {
  std::string bytes;
  std::string error;
  bool failed = false;
};

/// Which of the tasks 0, ..., count - 1 this process does: every task i with i mod size = rank.
[[nodiscard]] std::vector<std::size_t> own_tasks(const Crew& crew, std::size_t count);

/// Runs task(0), ..., task(count - 1), each in the process that own_tasks() gives it to, on up to `workers` threads in
/// each, and returns the results of all. A task must write only to what is its own: then results depend on neither
/// number. A task that throws has failed; the others go on.
[[nodiscard]] std::vector<TaskResult> divide(const Crew& crew, std::size_t count,
                                             const std::function<std::string(std::size_t)>& task);

}  // namespace edgefuse::llm
