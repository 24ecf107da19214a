#pragma once

#include <string>
#include <vector>

#include "llm/crew.hpp"

namespace edgefuse::app {

/// The processes that mpirun (or srun) started together, from the first call of MPI to its last: one object a process.
/// Not started by either, or built without MPI and alone, a process is a crew by itself.
class MpiSession {
 public:
  /// Throws InputError when several processes were started but edgefuse was built without MPI: each would do the whole
  /// run.
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  [[nodiscard]] llm::Crew crew(unsigned workers) const;
  /// Every process's text, in order of rank; all must call it.
  [[nodiscard]] std::vector<std::string> gather(const std::string& mine) const;
  /// The process that prints and records.
  [[nodiscard]] bool speaks() const { return rank_ == 0; }
  [[nodiscard]] bool alone() const { return size_ == 1; }
  /// Ends all processes at once.
  [[noreturn]] void abort(int code) const;

 private:
  int rank_ = 0;
  int size_ = 1;
  bool started_ = false;
};

}  // namespace edgefuse::app
