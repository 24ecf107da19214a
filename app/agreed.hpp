#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "app/mpi.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {

/// What `work` makes, when it finds nothing wrong in any process. A mistake may be one process's alone, which has other
/// folders or another device: then all throw InputError, this one its own and the others what the first such process
/// says, so that none waits for it. All must call it.
template <class Work>
[[nodiscard]] std::invoke_result_t<Work> agreed(const MpiSession& mpi, const Work& work) {
  std::optional<std::invoke_result_t<Work>> made;
  std::exception_ptr own;
  std::string said;
  try {
    made.emplace(work());
  } catch (const InputError& error) {
    own = std::current_exception();
    said = error.what();
  }
  const auto all = mpi.gather(said);
  if (own) std::rethrow_exception(own);
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (!all[rank].empty())
      throw InputError{Mistake{.problem = fmt::format("process {} cannot take part: {}", rank, all[rank])}};
  return std::move(*made);
}

/// Throws InputError in every process where one's `mine` is not process 0's; `what` is what has to be the same. All
/// must call it.
inline void require_same(const MpiSession& mpi, const std::string& mine, const char* what) {
  const auto all = mpi.gather(mine);
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank] != all.front())
      throw InputError{Mistake{.problem = fmt::format("process {} does not do the same run as process 0", rank),
                               .remedy = fmt::format("start all of them with the same {}", what)}};
}

}  // namespace edgefuse::app
