#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace edgefuse::llm {

/// Runs task(0), ..., task(count - 1) on up to `workers` threads, each without threads of its own. A task must write
/// only to what is its own: then results do not depend on `workers`. Returns when all have ended, with what each threw
/// (null where nothing).
[[nodiscard]] std::vector<std::exception_ptr> side_by_side(unsigned workers, std::size_t count,
                                                           const std::function<void(std::size_t)>& task);

/// The same; throws again what the first task that failed threw, when all have ended.
void all_side_by_side(unsigned workers, std::size_t count, const std::function<void(std::size_t)>& task);

}  // namespace edgefuse::llm
